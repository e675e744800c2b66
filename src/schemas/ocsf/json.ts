/** An object of OCSF. */
export type Json = Record<string, unknown>;
