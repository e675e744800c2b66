import { TrawlError } from '../../errors.js';
import { sha256Hex } from '../../proof/hashes.js';
import { journalText } from '../../proof/journal.js';
import { alteredReason, erasedNote } from '../page-notes.js';
import type { Erased, Erasure } from '../store.js';
import { lockedCheckpoint } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { logLine } from './log.js';
import { recordEntries } from './proof.js';
import { provenRows } from './proven-rows.js';
import { all, changes, first, insert, plainText, type Steps } from './steps.js';

const selected = `SELECT reason, erased_by AS by, erased_at AS at FROM erased_events WHERE collector = $1 AND seq = $2`;

/** See `Store.erased`. */
export function* erased(collector: string, seq: number): Steps<Erased | null> {
  return (yield* first<Erased>(selected, collector, seq)) ?? null;
}

/** See `Store.eraseEvent`. */
export function* eraseEvent(
  dialect: Dialect,
  { collector, seq, reason, by, sinks }: Erasure,
  now: string,
): Steps<Erased> {
  const checkpoint = yield* lockedCheckpoint(dialect, collector);
  const before = yield* erased(collector, seq);
  if (before) return before;
  const [row] = yield* provenRows(collector, { afterSeq: seq - 1, upToSeq: seq, limit: 1 });
  if (!row) throw notStored(collector, seq, checkpoint?.lastSeq ?? 0);
  yield* requireNotSending(dialect, { collector, seq, sinks });
  // Its id could be looked up wherever it is; its digest keeps the event from being collected again.
  yield* insert('erased_events', {
    ...{ collector, seq, digest: sha256Hex(row.id), reason, erased_by: by, erased_at: now },
  });
  yield* dialect.removeEvents(collector, { afterSeq: seq - 1, upToSeq: seq });
  for (const table of ['cleared_event_ids', 'offloaded_event_ids'])
    yield* changes(
      `DELETE FROM ${table} WHERE collector = $1 AND ${dialect.ids.key} = $2`,
      collector,
      dialect.ids.keyOf(row.id),
    );
  yield* removeIfThere('refused_events', 'seq = $2', collector, seq);
  const rejects = yield* rejectsOf(collector, row.id);
  yield* removeIfThere('rejected_events', ofId, collector, row.id, alteredReason(row.id));
  yield* logLine(collector, { now, note: erasedNote(seq, reason, by), key: null });
  const entry = { kind: 'erase', at: now, seq, reason: journalText(reason), by: journalText(by) } as const;
  yield* recordEntries(
    dialect,
    { collector, now },
    listsOf(rejects).map((some) => ({ ...entry, rejects: some })),
  );
  return { reason, by, at: now };
}

/** Digests in an entry of the journal, so that it does not grow too long. */
const rejectsOfEntry = 400;

function listsOf(digests: readonly string[]): string[] {
  const lists = digests.length === 0 ? ['none'] : [];
  for (let from = 0; from < digests.length; from += rejectsOfEntry)
    lists.push(digests.slice(from, from + rejectsOfEntry).join(','));
  return lists;
}

const ofId = '(event_id = $2 OR reason = $3)';

/** The rejects with its id, such as the event as it came later, with other content. */
function* rejectsOf(collector: string, id: string): Steps<string[]> {
  const rows = yield* all<{ digest: string }>(
    `SELECT digest FROM rejected_events WHERE collector = $1 AND ${ofId} ORDER BY digest`,
    collector,
    id,
    alteredReason(id),
  );
  return rows.map(({ digest }) => digest);
}

/** Not every role that collects may delete these rows, and mostly there are none. */
function* removeIfThere(
  table: string,
  condition: string,
  collector: string,
  ...values: (string | number)[]
): Steps<void> {
  const those = `${table} WHERE collector = $1 AND ${condition}`;
  if (yield* first(`SELECT 1 FROM ${those} LIMIT 1`, collector, ...values))
    yield* changes(`DELETE FROM ${those}`, collector, ...values);
}

/**
 * A batch that an attempt has sent already would be sent again without the event, and so under another name: sinks would
 * have its other events twice.
 */
function* requireNotSending(
  { among }: Dialect,
  { collector, seq, sinks }: Pick<Erasure, 'collector' | 'seq' | 'sinks'>,
): Steps<void> {
  const open = yield* first<{ sink: string; series: string; number: number }>(
    `SELECT sink, series, number FROM offload_batches
     WHERE collector = $1 AND first_seq <= $2 AND last_seq >= $2 AND confirmed_at IS NULL AND (series <> '' OR sink ${among('$3')})
     ORDER BY sink, series, number LIMIT 1`,
    collector,
    seq,
    sinks,
  );
  if (!open) return;
  const { sink, series, number } = open;
  const batch = series === '' ? `batch ${number}` : `batch ${number} of the repetition ${series}`;
  throw new TrawlError('STORE_BUSY', `Event ${seq} of ${collector} is in ${batch}, which ${sink} has not confirmed.`, {
    hint: `Nothing was erased. Try again once it is confirmed ("trawl status"); "trawl offload ${collector} --name NAME --drop" gives up a repetition.`,
  });
}

function notStored(collector: string, seq: number, lastSeq: number): TrawlError {
  const isCleared = seq >= 1 && seq <= lastSeq;
  const message = isCleared
    ? `Event ${seq} of ${collector} was cleared from the table before.`
    : `There is no event ${seq} in ${collector}.`;
  const hint = isCleared
    ? 'Erase it where it was sent to.'
    : 'Give its sequence number: "trawl events --wide" shows it as SEQ.';
  return new TrawlError('EVENT_UNKNOWN', message, { hint });
}

/** Tells whether an event with this id was erased, and so must not be collected again. */
export function* erasedIds(collector: string): Steps<(id: string) => boolean> {
  const rows = yield* all<{ digest: string }>('SELECT digest FROM erased_events WHERE collector = $1', collector);
  const digests = new Set(rows.map(({ digest }) => digest));
  return (id) => digests.size > 0 && digests.has(sha256Hex(plainText(id)));
}

/** Number of erased events after a number, up to another. */
export function* erasedWithin(collector: string, afterSeq: number, upToSeq: number): Steps<number> {
  const row = yield* first<{ n: number }>(
    'SELECT count(*) AS n FROM erased_events WHERE collector = $1 AND seq > $2 AND seq <= $3',
    collector,
    afterSeq,
    upToSeq,
  );
  return row!.n;
}
