import { isDeepStrictEqual } from 'node:util';
import { counted } from '../counted.js';
import { TrawlError } from '../errors.js';
import { parseJson } from '../json-parse.js';
import type { FixedBatch, OpenRepetition } from './offload.js';
import type { PageToWrite } from './store.js';

/** Key that logs a warning once per generation of the checkpoint, and so again after a reset. */
export function warningKey({ collector, generation }: PageToWrite, warning: string): string {
  return `warning/${JSON.stringify([collector, generation])}/${warning}`;
}

export const rewoundNote = 'Offset no longer known to the source: reading again from the start of what it holds';

export function refusedAgain(): TrawlError {
  return new TrawlError(
    'OFFSET_REFUSED_AGAIN',
    'The source refused the same offset again after everything before it had been read again.',
    { hint: 'Stored events are kept. Ask the vendor, or reset the checkpoint to read everything again.' },
  );
}

export function lostNote(from: string, to: string): string {
  return `LOST: the source no longer holds what happened from ${from} to ${to}, which had not been collected`;
}

/** Says which events of a batch were not sent, since they were no longer stored. */
export function goneNote({ sink, series, number, firstSeq, lastSeq, events }: FixedBatch, gone: number): string {
  const which = series === '' ? `batch ${number}` : `batch ${number} of ${series}`;
  return `Not sent to ${sink}: ${gone} of the ${counted(events, 'event')} of ${which} (${firstSeq} to ${lastSeq}) ${gone === 1 ? 'was' : 'were'} cleared before`;
}

/** Says how many events after this number were in no batch, since they were no longer stored. */
export function clearedUnsentNote(sink: string, cleared: number, afterSeq: number): string {
  return `Not sent to ${sink}: ${counted(cleared, 'event')} after number ${afterSeq} ${cleared === 1 ? 'was' : 'were'} cleared before`;
}

/** Why an event is rejected that differs from the stored one of the same id. */
export function alteredReason(id: string): string {
  return `the event ${id} is stored already with other content`;
}

/** Execution-log note of an erasure. */
export function erasedNote(seq: number, reason: string, by: string): string {
  return `Erased event ${seq}: ${reason} (${by})`;
}

/** Execution-log note of a U04 that was refused. */
export function notClearedNote(events: number, sinks: readonly string[]): string {
  return `Not cleared: ${counted(events, 'event has', 'events have')} not reached every sink (${sinks.join(', ')})`;
}

export function droppedNote(series: string, open: readonly OpenRepetition[]): string {
  const batches = open.map(
    ({ sink, number, events, sentEvents }) =>
      `batch ${number} to ${sink} (${sentEvents} of its ${counted(events, 'event')} ${sentEvents === 1 ? 'was' : 'were'} sent)`,
  );
  return [`Repetition ${series} dropped`, ...batches].join(', ');
}

export function rejectsNote(rejects: number): string {
  return `${counted(rejects, 'event')} rejected: see rejected_events`;
}

interface Content {
  timestamp: string;
  rawEvent: string;
}

/** Returns whether two events with the same id differ in content, ignoring white space and the order of members. */
export function saysSomethingElse(stored: Content, event: Content): boolean {
  if (stored.timestamp !== event.timestamp) return true;
  if (stored.rawEvent === event.rawEvent) return false;
  try {
    return !isDeepStrictEqual(parseJson(stored.rawEvent), parseJson(event.rawEvent));
  } catch {
    // Nested too deeply to compare, so the difference in the text counts.
    return true;
  }
}
