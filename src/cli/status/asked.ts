import { runningInstance } from '../../temporal/instance.js';
import type { Context } from '../context.js';
import { errorReport } from '../error-report.js';
import { findTemporal } from '../find-temporal.js';
import type { TemporalHalf } from './answers.js';

/** Asks Temporal, if there is a server, for its part of the report. Never rejects. */
export async function askTemporal(context: Context): Promise<TemporalHalf> {
  try {
    const address = await findTemporal(context, 0);
    // The client takes longer to load than all the rest, and often there is no server to ask.
    if (address) return await (await import('./answers.js')).answersOf(context, address);
  } catch (error) {
    const problem = errorReport(error);
    return { ...silent, words: `${problem.message} ${problem.hint}`, problem };
  }
  const isStarting = runningInstance(context.settings.dataDir) !== null;
  return { ...silent, words: isStarting ? 'starting here' : 'not running here ("trawl up" starts it)' };
}

const silent: TemporalHalf = {
  words: '',
  problem: null,
  worker: 'unknown',
  names: [],
  strayRuns: [],
  ask: async () => ({ state: undefined, run: null, unsaid: null }),
};
