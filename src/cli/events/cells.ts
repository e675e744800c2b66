import type { StoredEvent } from '../../domain.js';
import { epochNanoseconds } from '../../timestamp.js';

/** The names in a column, without the descriptions in brackets that enrichment puts behind each. */
export function namesIn(described: string): string {
  let names = '';
  let at = 0;
  for (;;) {
    const from = described.indexOf(' (', at);
    const end = from === -1 ? -1 : describedEnd(described, from + 1);
    if (from === -1) return names + described.slice(at);
    names += described.slice(at, end === -1 ? from + 2 : from);
    at = end === -1 ? from + 2 : end;
  }
}

/** The end of the description that begins with the bracket at `start`; -1 if that is a part of a name. */
function describedEnd(text: string, start: number): number {
  if (!/^\((?:access_address|hostname|project|status|type|method|geo): /.test(text.slice(start, start + 20))) return -1;
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** What an event was done to: the user, and the machine or else the thing with a name. Not the actor's own. */
export function targetOf(event: StoredEvent): string {
  const { server, hostname, client, project, group } = event;
  const [actor, user, ...things] = [event.actor, event.user, server, hostname, client, project, group].map(namesIn);
  const thing = things.find((name) => name !== '' && name !== actor) ?? '';
  return [user, thing].filter(Boolean).join(', ');
}

/** For example `2026-05-01 14:00:00`, in the time zone of this process. */
export function localTime(timestamp: string): string {
  const nanoseconds = epochNanoseconds(timestamp);
  if (nanoseconds === null) return timestamp;
  const at = new Date(Number(nanoseconds / 1_000_000n));
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
