import type { Context } from '../context.js';

/** The work of a verb. Returns the exit code. */
export type Verb = (context: Context) => Promise<number>;

/**
 * Receives the verb that a call names. A command loads its verb's file only when the verb runs, so that reading events
 * does not load a worker.
 */
export type Choose = (verb: Verb) => void;
