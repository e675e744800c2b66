import { z } from 'zod';
import type { StoredEvent } from '../domain.js';
import { parseJson } from '../json-parse.js';
import { objectMembers } from '../json-slices.js';

const line = z
  .object({
    ...{ collector: z.string(), seq: z.int().positive(), id: z.string(), timestamp: z.string(), type: z.string() },
    ...{ actor: z.string(), user: z.string(), client: z.string(), gateway: z.string(), group: z.string() },
    ...{ project: z.string(), hostname: z.string(), server: z.string(), from_addr: z.string() },
    collected_at: z.string(),
  })
  .transform(({ from_addr: fromAddr, collected_at: collectedAt, ...others }) => ({ ...others, fromAddr, collectedAt }));

const newline = 0x0a;

/**
 * The events of a file of lines that `eventLine` has made. Raw events stay the source's own text: numbers, escapes and
 * duplicate keys that a parser would change. Throws an error if a line is something else.
 * @param asText true for lines of `textEventLine`
 */
export function* eventsOfLines(bytes: Uint8Array, asText = false): Generator<StoredEvent> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; ) {
    const end = buffer.indexOf(newline, at);
    if (end === -1) throw new Error('the last line is not whole');
    yield eventOfLine(buffer.toString('utf8', at, end), asText);
    at = end + 1;
  }
}

function eventOfLine(text: string, asText: boolean): StoredEvent {
  const columns = line.safeParse(parseJson(text));
  if (!columns.success) throw new Error('a line is not an event');
  const members = objectMembers(text, 0);
  const textOf = (name: string) => {
    const slice = members.get(name);
    const found = slice && text.slice(slice.start, slice.end);
    return asText && found !== undefined ? z.string().parse(parseJson(found)) : found;
  };
  const rawEvent = textOf('raw_event');
  if (rawEvent === undefined) throw new Error('a line is not an event');
  return { ...columns.data, rawEvent, extra: textOf('extra') ?? null };
}
