import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { isJsonObject, textOf } from '../json-values.js';
import { attributesOf, type Shape } from '../schemas/ocsf/attributes.js';
import type { ClassName } from '../schemas/ocsf/classes.js';
import { epochNanoseconds, flooredTo } from '../timestamp.js';
import { fitted } from './fitted.js';
import type { FormatRow } from './format.js';

/** The value of a cell. Nested columns have objects and lists of values. */
type ColumnValue = unknown;

/** A column of a Parquet file. Times are epoch microseconds in UTC, which DuckDB, Athena and Spark all read. */
export interface ParquetColumn {
  name: string;
  type: Shape | 'time';
  /** Set if every row has a value. */
  required?: true;
  /** Set if hardly any two values are equal, so that a dictionary and statistics are not worth their cost. */
  unlike?: true;
  value(row: FormatRow): ColumnValue;
}

/**
 * @param className OCSF class of all rows, to include only its own attributes
 * @param version version of the schema's mapping; the newest unless said otherwise
 * @throws TrawlError SETTINGS_INVALID
 */
export function parquetColumns(schema: string, className?: string, version?: string): readonly ParquetColumn[] {
  const columns = columnsOf.get(schema);
  if (columns) return columns(className, version);
  throw new TrawlError('SETTINGS_INVALID', `parquet has no columns for the schema ${JSON.stringify(schema)}.`, {
    hint: `Use one of the schemas ${[...columnsOf.keys()].join(', ')}, or the format ndjson.`,
  });
}

/** A column of the event itself. */
function own(name: string, key: keyof StoredEvent): ParquetColumn {
  return { name, type: 'text', required: true, value: ({ event }) => event[key] as string };
}

/** A column with the value at the first of these paths of the record that has a text. */
function text(name: string, ...paths: [string, ...string[]]): ParquetColumn {
  return { name, type: 'text', value: ({ record }) => first(record, paths, asText) };
}

/** A column with the time of the event: that of the record, else that of the source. */
function moment(name: string): ParquetColumn {
  return {
    name,
    type: 'time',
    value: ({ event, record }) => first(record, [name], asMicroseconds) ?? asMicroseconds(event.timestamp),
  };
}

/** The whole record. */
const whole: ParquetColumn = { name: 'event', type: 'text', required: true, unlike: true, value: ({ json }) => json };

const native: readonly ParquetColumn[] = [
  own('collector', 'collector'),
  { name: 'seq', type: 'int64', required: true, value: ({ event }) => BigInt(event.seq) },
  own('id', 'id'),
  own('timestamp', 'timestamp'),
  { name: 'time', type: 'time', value: ({ event }) => asMicroseconds(event.timestamp) },
  own('type', 'type'),
  own('actor', 'actor'),
  own('user', 'user'),
  own('client', 'client'),
  own('gateway', 'gateway'),
  own('group', 'group'),
  own('project', 'project'),
  own('hostname', 'hostname'),
  own('server', 'server'),
  own('from_addr', 'fromAddr'),
  { ...own('raw_event', 'rawEvent'), unlike: true },
  { name: 'extra', type: 'text', value: ({ event }) => event.extra },
  { name: 'collected_at', type: 'time', value: ({ event }) => asMicroseconds(event.collectedAt) },
];

/** The nested attributes of OCSF, and `time_dt` of its profile `datetime`, for time functions. */
function ocsf(className: string | undefined, version: string | undefined): readonly ParquetColumn[] {
  const attributes = attributesOf(className as ClassName | undefined, version);
  // Cached per record, since each of its columns needs it.
  const known = new WeakMap<object, Record<string, unknown>>();
  const valuesOf = ({ record }: FormatRow) => {
    const values = known.get(record) ?? fittedRecord(record, attributes);
    known.set(record, values);
    return values;
  };
  const columns = Object.entries(attributes).map(([name, type]): ParquetColumn => {
    const unlike = name === 'raw_data' || name === 'unmapped' ? { unlike: true as const } : {};
    return { name, type, ...unlike, value: (row) => valuesOf(row)[name] ?? null };
  });
  columns.splice(columns.findIndex(({ name }) => name === 'time') + 1, 0, moment('time_dt'));
  return columns;
}

/** Moves everything that does not fit into a column to `unmapped`. */
function fittedRecord(
  { unmapped, ...others }: FormatRow['record'],
  attributes: Readonly<Record<string, Shape>>,
): Record<string, unknown> {
  const { value, rest } = fitted(others, attributes);
  const left = rest === undefined ? unmapped : { ...asObject(unmapped), no_column: rest };
  return { ...(value as Record<string, unknown>), unmapped: left === undefined ? undefined : json(left) };
}

function asObject(value: unknown): object {
  if (value === undefined) return {};
  return isJsonObject(value) ? value : { value };
}

function json(value: unknown): string {
  return JSON.stringify(value).toWellFormed();
}

const ecs: readonly ParquetColumn[] = [
  moment('@timestamp'),
  text('event_action', 'event.action'),
  text('event_outcome', 'event.outcome'),
  text('event_dataset', 'event.dataset'),
  text('user_name', 'user.name'),
  text('source_ip', 'source.ip'),
  whole,
];

type Columns = (className: string | undefined, version: string | undefined) => readonly ParquetColumn[];

const columnsOf = new Map<string, Columns>([
  ['native', () => native],
  ['ocsf', ocsf],
  ['ecs', () => ecs],
]);

/** The first value that `convert` accepts. A record without one is still written. */
function first<Value>(
  record: FormatRow['record'],
  paths: readonly string[],
  convert: (value: unknown) => Value | null,
): Value | null {
  for (const path of paths) {
    const value = convert(valueAt(record, path));
    if (value !== null) return value;
  }
  return null;
}

/** Reads both `{a: {b: 1}}` and `{'a.b': 1}`, since ECS has both. */
function valueAt(record: unknown, path: string): unknown {
  if (!isJsonObject(record)) return undefined;
  if (Object.hasOwn(record, path)) return record[path];
  const dot = path.indexOf('.');
  return dot === -1 ? undefined : valueAt(valueAt(record, path.slice(0, dot)), path.slice(dot + 1));
}

function asText(value: unknown): string | null {
  return textOf(value) ?? null;
}

/**
 * Epoch microseconds of a timestamp, rounded down. A time beyond 64 bits of nanoseconds becomes the nearest possible.
 */
function asMicroseconds(value: unknown): bigint | null {
  const nanoseconds = typeof value === 'string' ? epochNanoseconds(value) : null;
  if (nanoseconds === null) return null;
  return flooredTo(1000n, nanoseconds);
}
