import type { EventLines } from './store.js';

/** Joins the lines of two consecutive reads. */
export function joinedLines(first: EventLines, next: EventLines): EventLines {
  return {
    bytes: Buffer.concat([first.bytes, next.bytes]),
    events: first.events + next.events,
    lastSeq: next.lastSeq || first.lastSeq,
  };
}
