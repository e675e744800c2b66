import type { Context } from '../context.js';

/** The work of a verb. Gives the exit code. */
export type Verb = (context: Context) => Promise<number>;

/**
 * Hears which verb a call asks for. A command loads its verb's file only when the verb runs, so that reading events does
 * not load a worker.
 */
export type Choose = (verb: Verb) => void;
