import type { RelatedObject } from '../../domain.js';
import { text } from '../copied-tables.js';
import type { PageToWrite } from '../store.js';
import { type Dialect, namesOf, type Row } from './dialect.js';
import { all, plainText, type Steps } from './steps.js';

/** S20 Store Related Objects, S21 Process single related object for each: the last object with an id wins. */
export function* storeRelatedObjects(
  dialect: Dialect,
  { collector, relatedObjects }: PageToWrite,
  today: string,
): Steps<void> {
  const { ids } = dialect;
  const latest = new Map<string, Row>();
  for (const { id, type, object } of relatedObjects) latest.set(plainText(id), ids.withKey({ id, type, object }));
  const columns = [...ids.columns, ...text('type', 'object')];
  yield* dialect.insertRows({
    rows: [...latest.values()],
    columns,
    shared: [collector, today],
    insert: (source) =>
      `INSERT INTO audit_related_objects AS known (collector, ${namesOf(columns)}, seen_at)
       SELECT $1, ${namesOf(columns)}, $2 FROM ${source} WHERE true
       ON CONFLICT (collector, ${ids.key}) DO UPDATE
       SET type = excluded.type, object = excluded.object, seen_at = excluded.seen_at
       WHERE known.type <> excluded.type OR known.object <> excluded.object OR known.seen_at < excluded.seen_at`,
  });
}

/** Longer ones are kept, but not returned: a page can name thousands, and the columns show little of each. */
const returnedBytesMax = 65_536;

/** Known objects among `ids`, keyed by the id as passed in. */
export function* relatedObjects(
  dialect: Dialect,
  collector: string,
  ids: readonly string[],
): Steps<Map<string, RelatedObject>> {
  if (ids.length === 0) return new Map();
  const { key } = dialect.ids;
  const rows = yield* all<RelatedObject>(
    `SELECT id, type, object FROM audit_related_objects WHERE collector = $1 AND ${key} ${dialect.among('$2')} AND octet_length(object) <= $3`,
    collector,
    ids.map((id) => dialect.ids.keyOf(id)),
    returnedBytesMax,
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    ids.flatMap((id) => {
      const row = known.get(plainText(id));
      return row ? [[id, { ...row, id }]] : [];
    }),
  );
}
