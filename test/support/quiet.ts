import pino from 'pino';
import { installTemporalRuntime } from '../../src/temporal/runtime.js';
import { reuseWorkflowThreads } from './workflow-threads.js';

let installed = false;

/** Makes workers of the tests' process cheap, and keeps the Temporal SDK from printing, unless `TRAWL_LOG_LEVEL` is set. */
export function quietTemporal(): void {
  reuseWorkflowThreads();
  // This takes effect at once, as long as it serves no metrics.
  if (!installed)
    void installTemporalRuntime(pino({ level: process.env.TRAWL_LOG_LEVEL ?? 'silent' }, pino.destination(2)));
  installed = true;
}
