import type { StoredEvent } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import { wholeNumber } from '../../whole-number.js';
import { WrongCall } from '../wrong-call.js';

interface Found {
  event: StoredEvent;
  by: 'id' | 'seq';
}

/** Shown of the events that a text may mean. */
const namedMax = 5;

/**
 * The event with this id or sequence number. `id:…` and `seq:…` say which of the two it is.
 * @throws TrawlError EVENT_UNKNOWN, or WrongCall if several events have it
 */
export async function findEvent(store: Store, collectors: readonly string[], text: string): Promise<StoredEvent> {
  const found: Found[] = [];
  for (const collector of collectors) found.push(...(await ownEvents(store, collector, text)));
  const [only, ...others] = found;
  const where = collectors.length === 1 ? collectors[0] : 'the store';
  if (!only) await tellErased(store, collectors, text);
  if (!only)
    throw new TrawlError('EVENT_UNKNOWN', `There is no event ${JSON.stringify(text)} in ${where}.`, {
      hint: 'Give its id or its sequence number ("trawl events --wide" shows both); a cleared event is gone.',
    });
  if (others.length === 0) return only.event;
  const named = found.slice(0, namedMax).map(({ event, by }) => `${event.collector} ${by}:${event[by]}`);
  throw new WrongCall(
    `${JSON.stringify(text)} is an event of several: ${named.join(', ')}${found.length > namedMax ? ', …' : ''}.`,
    `Name the one: trawl events show ${named[0]}`,
  );
}

/** @throws TrawlError EVENT_UNKNOWN that says why, if it is the number of an erased event */
async function tellErased(store: Store, collectors: readonly string[], text: string): Promise<void> {
  const seq = wholeNumber(text.replace(/^seq:/, ''), 1);
  for (const collector of seq === undefined ? [] : collectors) {
    const erased = await store.erased(collector, seq!);
    if (!erased) continue;
    const { at, by, reason } = erased;
    throw new TrawlError('EVENT_UNKNOWN', `Event ${seq} of ${collector} was erased at ${at} by ${by}: ${reason}.`, {
      hint: 'Its hash in the proof of completeness stays.',
    });
  }
}

async function ownEvents(store: Store, collector: string, text: string): Promise<Found[]> {
  const [, word, rest = ''] = /^(id|seq):(.+)$/s.exec(text) ?? [];
  const found = new Map<number, Found>();
  const ids = [text, ...(word === 'id' ? [rest] : [])].map((id) => ({
    of: 'id' as const,
    match: { how: 'is' as const, text: id },
  }));
  for (const event of await store.events({ collector, afterSeq: 0, where: { groups: [ids], excluded: [] } }, 2))
    found.set(event.seq, { event, by: 'id' });
  const seq = wholeNumber(word === 'seq' ? rest : text, 1);
  if (seq !== undefined && !found.has(seq))
    for (const event of await store.events({ collector, afterSeq: seq - 1, upToSeq: seq }, 1))
      found.set(seq, { event, by: 'seq' });
  return [...found.values()];
}
