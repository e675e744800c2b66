import { z } from 'zod';

const number = z
  .string()
  .regex(/^(0|[1-9]\d{0,15})$/)
  .transform(Number);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const root = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
/** JSON of a text, or `sha256:` and the digest of a long one: see `journalText`. */
const text = z.string().regex(/^("[^\n]*"|sha256:[0-9a-f]{64})$/);
/** Sequence numbers, such as `1-500,502`; `none` if there are none. */
const numbers = z.string().regex(/^(none|\d+(-\d+)?(,\d+(-\d+)?)*)$/);

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
  /** Reading begins again: `why` is a person, the source that refused an offset, or the removal of the collector. */
  z.strictObject({ kind: z.literal('reset'), at: z.string(), generation: number, to: hex, why: text }),
  z.strictObject({ kind: z.literal('gap'), at: z.string(), from: text, to: text }),
  /** All events up to a number are cleared, by a person. */
  z.strictObject({ kind: z.literal('clear'), at: z.string(), upto: number }),
  /** Retention has cleared events that every sink has. */
  z.strictObject({ kind: z.literal('retention'), at: z.string(), seqs: numbers }),
  /** Rows of `rejected_events`: `DIGEST:CONTENT` each. See `rejectContent`. */
  z.strictObject({ kind: z.literal('reject'), at: z.string(), rows: z.string() }),
  z.strictObject({ kind: z.literal('acknowledged'), at: z.string(), rows: number }),
  z.strictObject({ kind: z.literal('setting'), at: z.string(), text }),
]);

export type JournalEntry = z.output<typeof entrySchema>;
