import type { Anchor, AnchorLedger, DurableProof, LostHead } from '../anchors.js';
import { allDurable } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { logLine } from './log.js';
import { recordFacts } from './proof.js';
import { changes, first, type Steps, timed } from './steps.js';

/** @param held collectors whose heads this process must not sign */
export function anchorLedger(dialect: Dialect, now: () => Date, held: Set<string>): AnchorLedger {
  const transaction = <T>(decide: (at: string) => Steps<T>) => dialect.transaction(timed(now, decide));
  return {
    signs: dialect.signer !== undefined,
    last: (collector, place) => dialect.run(last(collector, place)),
    settle: (collector) => transaction(() => settle(collector)),
    keep: (collector, place, anchor) => transaction(() => keep(collector, place, anchor)),
    allowSigning: (collector, isAllowed) => {
      if (isAllowed) held.delete(collector);
      else held.add(collector);
    },
    noteFork: (collector, why) => transaction((at) => noteFork(collector, why, at)),
    goOn: (collector, lost) => transaction((at) => goOn(dialect, collector, lost, at)),
  };
}

const ofEpoch = 'epoch = (SELECT epoch FROM proof_heads WHERE collector = $1)';

function* last(collector: string, place: string): Steps<Anchor | null> {
  const anchor = yield* first<Anchor>(
    `SELECT size, events, anchored_at AS at FROM proof_anchors WHERE collector = $1 AND place = $2 AND ${ofEpoch}`,
    collector,
    place,
  );
  return anchor ?? null;
}

function* settle(collector: string): Steps<DurableProof> {
  yield* allDurable(collector);
  const proof = yield* first<DurableProof>(
    `SELECT store, epoch, entries, events, events_note AS "eventsNote", journal_note AS "journalNote"
     FROM proof_heads WHERE collector = $1`,
    collector,
  );
  return proof ?? { store: '', epoch: 1, entries: 0, events: 0, eventsNote: null, journalNote: null };
}

function* keep(collector: string, place: string, { size, events, at }: Anchor): Steps<void> {
  yield* changes(
    `INSERT INTO proof_anchors (collector, place, epoch, size, events, anchored_at)
     SELECT $1, $2, epoch, $3, $4, $5 FROM proof_heads WHERE collector = $1
     ON CONFLICT (collector, place, epoch) DO UPDATE
       SET size = excluded.size, events = excluded.events, anchored_at = excluded.anchored_at
       WHERE proof_anchors.size < excluded.size`,
    collector,
    place,
    size,
    events,
    at,
  );
}

function* noteFork(collector: string, why: string, now: string): Steps<void> {
  const noted = yield* changes(
    'UPDATE proof_heads SET forked = $2 WHERE collector = $1 AND forked IS NULL',
    collector,
    why,
  );
  if (noted > 0) yield* logLine(collector, { now, note: why, key: null });
}

function* goOn(dialect: Dialect, collector: string, lost: LostHead | null, now: string): Steps<boolean> {
  const forked = yield* changes(
    'UPDATE proof_heads SET forked = NULL, epoch = epoch + 1 WHERE collector = $1 AND forked IS NOT NULL',
    collector,
  );
  if (forked === 0) return false;
  const { epoch } = (yield* first<{ epoch: number }>('SELECT epoch FROM proof_heads WHERE collector = $1', collector))!;
  yield* recordFacts(dialect, { collector, now }, (proof) => {
    proof.note({
      ...{ kind: 'restore', at: now, epoch, ...proof.journalHead() },
      ...{ lost: lost?.size ?? 0, lostroot: lost?.root ?? 'none' },
    });
    return undefined;
  });
  yield* logLine(collector, {
    now,
    note: `The proof goes on after the store was set back (epoch ${epoch})`,
    key: null,
  });
  return true;
}
