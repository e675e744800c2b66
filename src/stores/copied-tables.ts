/** A table that both kinds of store have. Values are copied as text, so that no digit is lost. */
export interface CopiedTable {
  name: string;
  /** Columns that order and identify the rows. */
  key: readonly Column[];
  columns: readonly Column[];
}

export interface Column {
  name: string;
  type: 'text' | 'integer' | 'bytes';
}

/** Values by column name, as text or null; bytes in hexadecimal. */
export type CopiedRow = Readonly<Record<string, string | null>>;

export const text = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'text' }));
export const integer = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'integer' }));

function table(name: string, key: readonly Column[], ...rest: readonly Column[][]): CopiedTable {
  return { name, key, columns: [...key, ...rest.flat()] };
}

/**
 * Tables to copy, in order. The checkpoints come last, so that nothing can collect from an incomplete copy. Staged
 * pages and recent requests are not copied.
 */
export const copiedTables: readonly CopiedTable[] = [
  table(
    'audit_events',
    [...text('collector'), ...integer('seq')],
    text('id', 'timestamp'),
    integer('time_ns'),
    text('type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname', 'server', 'from_addr'),
    text('raw_event', 'extra', 'collected_at'),
  ),
  table('audit_related_objects', text('collector', 'id'), text('type', 'object', 'seen_at')),
  table('environment_variables', text('collector', 'name'), text('value')),
  table(
    'execution_log',
    integer('line'),
    text('collector', 'datetime'),
    integer('events_written'),
    text('notes', 'key'),
  ),
  table(
    'rejected_events',
    text('collector', 'digest'),
    text('kind', 'reason', 'offset', 'raw', 'rejected_at', 'event_id', 'settled_at'),
  ),
  table(
    'audit_pages',
    [...text('collector'), ...integer('number')],
    text('key', 'offset'),
    integer('generation', 'events', 'new_events', 'rejected', 'first_seq', 'last_seq'),
    text('digest', 'note', 'committed_at'),
  ),
  table('cleared_event_ids', text('collector', 'id')),
  table('offloaded_event_ids', text('collector', 'id'), integer('time_ns'), text('cleared_at')),
  table(
    'offload_batches',
    [...text('collector', 'sink', 'series'), ...integer('number')],
    integer('first_seq', 'last_seq', 'events', 'since_ns', 'until_ns'),
    text('form', 'fixed_at', 'confirmed_at', 'objects'),
    integer('bytes', 'sent_seq', 'sent_events', 'gone_events'),
    text('sender'),
    integer('attempt', 'leased_until_ms'),
  ),
  table(
    'offload_cursors',
    text('collector', 'sink', 'series'),
    integer('last_seq', 'batches', 'events', 'bytes'),
    text('confirmed_at', 'failure', 'failed_at', 'dropped_at'),
  ),
  table('refused_events', [...text('collector', 'sink'), ...integer('seq')], text('id', 'reason', 'refused_at')),
  table('erased_events', [...text('collector'), ...integer('seq')], text('digest', 'reason', 'erased_by', 'erased_at')),
  table('clearings', [...text('collector'), ...integer('up_to_seq')], integer('sent_seq', 'removed_seq')),
  table('retention_gaps', text('collector', 'from_time'), text('to_time', 'found_at')),
  table(
    'proof_tiles',
    [...text('collector', 'log'), ...integer('level', 'number')],
    [{ name: 'hashes', type: 'bytes' }],
  ),
  table('proof_journal', [...text('collector'), ...integer('number')], text('entry')),
  table(
    'proof_heads',
    text('collector'),
    text('store'),
    integer('events', 'entries', 'pages', 'epoch'),
    text('events_note', 'journal_note', 'forked'),
  ),
  table(
    'proof_anchors',
    [...text('collector', 'place'), ...integer('epoch')],
    integer('size', 'events'),
    text('anchored_at'),
  ),
  table(
    'audit_checkpoints',
    text('collector'),
    text('last_offset', 'last_date_time'),
    integer('last_count', 'generation'),
    text('last_digest', 'refused_offset', 'newest_timestamp'),
    integer('newest_time_ns', 'pages', 'last_seq'),
    text('caught_up_at', 'due_cron', 'due_since', 'due_tick', 'pruned_at'),
    integer('due_told'),
  ),
];

/** Access to the rows of a store for copying. */
export interface CopySide {
  /** At most `limit` rows after a key, ordered by key; text is ordered by its UTF-8 bytes. */
  rows(table: CopiedTable, after: CopiedRow | null, limit: number): Promise<CopiedRow[]>;
  /** The key of the last row; null if the table is empty. */
  lastKey(table: CopiedTable): Promise<CopiedRow | null>;
  /** Inserts in one transaction. Existing rows stay unchanged. */
  insert(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void>;
  /** Source and state of the copy into this store; null if there is none. */
  copyMark(): Promise<CopyMark | null>;
  setCopyMark(mark: CopyMark): Promise<void>;
}

export interface CopyMark {
  /** Identity of the source store. */
  source: string;
  finished: boolean;
}
