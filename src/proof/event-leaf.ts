import type { EventColumns } from '../domain.js';
import { onOneLine } from '../event-line.js';
import { leafHashLatin1, sha256Hex } from './hashes.js';

/** An event as the tree of a collector has it. All texts are as stored, so none of them contains NUL. */
export interface ProvenEvent extends EventColumns {
  seq: number;
  id: string;
  timestamp: string;
  rawEvent: string;
  extra: string | null;
  collectedAt: string;
}

/**
 * The entry of an event in the log: what the source said, by its hash, then the columns that Trawl has derived. Line
 * breaks of JSON are spaces, as in a line of an export.
 */
export function eventEntry(collector: string, event: ProvenEvent): string {
  const { id, timestamp, rawEvent, extra } = event;
  const said = sha256Hex(`${id}\0${timestamp}\0${onOneLine(rawEvent)}\0${extra === null ? '' : onOneLine(extra)}`);
  return `trawl-event/1\n${collector}\n${event.seq}\n${said}\n${event.type}\0${event.actor}\0${event.user}\0${event.client}\0${event.gateway}\0${event.group}\0${event.project}\0${event.hostname}\0${event.server}\0${event.fromAddr}\0${event.collectedAt}`;
}

export function eventLeaf(collector: string, event: ProvenEvent): string {
  return leafHashLatin1(eventEntry(collector, event));
}

/** The leaf of an event that was no longer stored when the tree began. */
export function goneLeaf(collector: string, seq: number): string {
  return leafHashLatin1(`trawl-gone/1\n${collector}\n${seq}\n`);
}
