import pino from 'pino';
import { installTemporalRuntime } from '../../src/temporal/runtime.js';

let installed = false;

/** Keeps the Temporal SDK from printing; `TRAWL_LOG_LEVEL` brings it back. */
export function quietTemporal(): void {
  // At once, as long as it serves no metrics.
  if (!installed)
    void installTemporalRuntime(pino({ level: process.env.TRAWL_LOG_LEVEL ?? 'silent' }, pino.destination(2)));
  installed = true;
}
