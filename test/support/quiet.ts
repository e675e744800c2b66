import pino from 'pino';
import { installTemporalLogger } from '../../src/log.js';

let installed = false;

/** Keeps the Temporal SDK from printing; `TRAWL_LOG_LEVEL` brings it back. */
export function quietTemporal(): void {
  if (!installed) installTemporalLogger(pino({ level: process.env.TRAWL_LOG_LEVEL ?? 'silent' }, pino.destination(2)));
  installed = true;
}
