/** A JSON object of OCSF. In a file of its own, below all those that use it. */
export type Json = Record<string, unknown>;
