import { z } from 'zod';

const number = z
  .string()
  .regex(/^(0|[1-9]\d{0,15})$/)
  .transform(Number);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const root = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
/** JSON of a text, or `sha256:` and the digest of a long one: see `journalText`. */
const text = z.string().regex(/^("[^\n]*"|sha256:[0-9a-f]{64})$/);
/** JSON of an object or a list. */
const json = z.string().regex(/^(\{[^\n]*\}|\[[^\n]*\])$/);
/** Sequence numbers, such as `1-500,502`; `none` if there are none. */
const numbers = z.string().regex(/^(none|\d+(-\d+)?(,\d+(-\d+)?)*)$/);

/** The public part of a key, in Go's form. */
const vkey = z.string().regex(/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/);

/** The tree of events after the fact. */
const events = { size: number, root };

/**
 * The facts of a collector that its journal has, by kind. Together they say why each event and each page is there, and
 * why each one that is missing is not.
 */
export const entrySchema = z.discriminatedUnion('kind', [
  /** A row of the ledger. `texts`: digest of its key, offset and note, which NUL separates. */
  z.strictObject({
    ...{ kind: z.literal('page'), at: z.string(), page: number, generation: number, events: number, new: number },
    ...{ rejected: number, seqs: numbers, digest: z.string(), texts: hex, ...events },
  }),
  /**
   * Events and pages that were stored without an entry: by an earlier version, or before there was a journal. `ledger`:
   * digest of the pages' rows.
   */
  z.strictObject({
    ...{ kind: z.literal('takeover'), at: z.string(), seqs: numbers, gone: number, pages: numbers, ledger: hex },
    ...events,
  }),
  /** Reading begins again: `why` is a person, or the removal of the collector. */
  z.strictObject({ kind: z.literal('reset'), at: z.string(), generation: number, to: hex, why: text }),
  /** The same, since the source no longer knows the offset of the checkpoint, of which `refused` is the digest. */
  z.strictObject({ kind: z.literal('rewind'), at: z.string(), generation: number, to: hex, refused: hex }),
  z.strictObject({ kind: z.literal('gap'), at: z.string(), from: text, to: text }),
  /** All events up to a number are cleared, by a person. */
  z.strictObject({ kind: z.literal('clear'), at: z.string(), upto: number }),
  /** Retention has cleared events that every sink has. */
  z.strictObject({ kind: z.literal('retention'), at: z.string(), seqs: numbers }),
  /**
   * A person's right to be forgotten: the event is gone, and its hash stays. So are the rows of `rejected_events` with its
   * id; if their digests do not fit into one entry, several differ in `rejects`.
   */
  z.strictObject({
    ...{ kind: z.literal('erase'), at: z.string(), seq: number, reason: text, by: text },
    rejects: z.string().regex(/^(none|[0-9a-f]{64}(,[0-9a-f]{64})*)$/),
  }),
  /**
   * The store was set back to an earlier state, and its proof goes on from there: from the journal of `entries` entries with
   * that root. The newest head that lies elsewhere, of `lost` entries and with the root `lostroot`, is of a history that ended.
   */
  z.strictObject({
    ...{ kind: z.literal('restore'), at: z.string(), epoch: number, entries: number, journalroot: root },
    ...{ lost: number, lostroot: z.union([root, z.literal('none')]) },
  }),
  /** Rows of `rejected_events`: `DIGEST:CONTENT` each. See `rejectContent`. */
  z.strictObject({ kind: z.literal('reject'), at: z.string(), rows: z.string() }),
  /** The same of an answer that was not a page. */
  z.strictObject({ kind: z.literal('answer'), at: z.string(), rows: z.string() }),
  z.strictObject({ kind: z.literal('acknowledged'), at: z.string(), rows: number }),
  z.strictObject({ kind: z.literal('setting'), at: z.string(), text }),
  /**
   * A file that a batch has put at a sink, with the events in it. `series` is the name of a repetition, or `""`; `sha256` is
   * that of its bytes as they lie there, compressed; `form` is JSON of its `BatchForm`. If its numbers do not fit into one entry, several differ in `seqs`.
   */
  z.strictObject({
    ...{ kind: z.literal('object'), at: z.string(), sink: text, series: text, batch: number, form: json, name: text },
    ...{ seqs: numbers, events: number, bytes: number, sha256: hex },
  }),
  /**
   * A compaction has put the events of older files of a sink into the one called `name`. `old` is JSON of their names. If these
   * do not fit into one entry, several differ in `old`.
   */
  z.strictObject({
    ...{ kind: z.literal('compacted'), at: z.string(), sink: text, old: json, name: text, events: number },
    ...{ bytes: number, sha256: hex },
  }),
  /** From here on, `new` signs the heads. `signature` is that of `old` over `rotationText`, in base64. */
  z.strictObject({ kind: z.literal('key'), at: z.string(), old: vkey, new: vkey, signature: z.string() }),
  /** What the source still held was compared with the store: how many events were the same, `gone` (cleared or erased) … */
  z.strictObject({
    ...{ kind: z.literal('compared'), at: z.string(), same: number, gone: number, changed: number, missing: number },
    notdue: number,
  }),
  /** Somebody has exported events or searched them. `what` says which, as they asked for them. */
  z.strictObject({ kind: z.literal('read'), at: z.string(), by: text, what: text, events: number }),
]);

export type JournalEntry = z.output<typeof entrySchema>;
