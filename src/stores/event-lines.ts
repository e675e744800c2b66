import type { EventLines } from './store.js';

/** Lines of one read, and those of the next one. */
export function joinedLines(first: EventLines, next: EventLines): EventLines {
  return {
    bytes: Buffer.concat([first.bytes, next.bytes]),
    events: first.events + next.events,
    lastSeq: next.lastSeq || first.lastSeq,
  };
}
