import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { epochNanoseconds } from '../timestamp.js';
import type { FormatRow } from './format.js';

export type ColumnValue = string | number | bigint | null;

/** A column of a Parquet file; times are of epoch microseconds in UTC, which DuckDB, Athena and Spark all read. */
export interface ParquetColumn {
  name: string;
  type: 'text' | 'int32' | 'int64' | 'time';
  /** Where no row can be without it. */
  required?: true;
  /** Where hardly any two values are the same, so that neither a dictionary nor statistics are worth their making. */
  unlike?: true;
  value(row: FormatRow): ColumnValue;
}

/** @throws TrawlError SETTINGS_INVALID */
export function parquetColumns(schema: string): readonly ParquetColumn[] {
  const columns = columnsOf.get(schema);
  if (columns) return columns;
  throw new TrawlError('SETTINGS_INVALID', `parquet has no columns for the schema ${JSON.stringify(schema)}.`, {
    hint: `Use one of the schemas ${[...columnsOf.keys()].join(', ')}, or the format ndjson.`,
  });
}

/** A column of the event itself. */
function own(name: string, key: keyof StoredEvent): ParquetColumn {
  return { name, type: 'text', required: true, value: ({ event }) => event[key] as string };
}

/** A column of what stands in the record, at the first of these paths that holds such a value. */
function text(name: string, ...paths: [string, ...string[]]): ParquetColumn {
  return { name, type: 'text', value: ({ record }) => first(record, paths, asText) };
}

function integer(name: string, type: 'int32' | 'int64'): ParquetColumn {
  const bits = type === 'int32' ? 32 : 64;
  return { name, type, value: ({ record }) => first(record, [name], (value) => asInteger(value, bits)) };
}

/** A column of the moment of the event: as the record has it, else as the source wrote it. */
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

const ocsf: readonly ParquetColumn[] = [
  integer('class_uid', 'int32'),
  integer('category_uid', 'int32'),
  integer('activity_id', 'int32'),
  integer('type_uid', 'int64'),
  integer('severity_id', 'int32'),
  integer('status_id', 'int32'),
  integer('time', 'int64'),
  moment('time_dt'),
  text('class_name', 'class_name'),
  text('activity_name', 'activity_name'),
  text('metadata_uid', 'metadata.uid'),
  text('metadata_original_time', 'metadata.original_time'),
  text('metadata_product', 'metadata.product.name', 'metadata.product'),
  text('tenant_uid', 'metadata.tenant_uid', 'tenant_uid'),
  text('actor_user_name', 'actor.user.name'),
  text('actor_user_uid', 'actor.user.uid'),
  text('user_name', 'user.name'),
  text('user_uid', 'user.uid'),
  text('src_ip', 'src_endpoint.ip'),
  text('dst_hostname', 'dst_endpoint.hostname'),
  text('message', 'message'),
  whole,
];

const ecs: readonly ParquetColumn[] = [
  moment('@timestamp'),
  text('event_action', 'event.action'),
  text('event_outcome', 'event.outcome'),
  text('event_dataset', 'event.dataset'),
  text('user_name', 'user.name'),
  text('source_ip', 'source.ip'),
  whole,
];

const columnsOf = new Map([
  ['native', native],
  ['ocsf', ocsf],
  ['ecs', ecs],
]);

/** The first value that `convert` can make something of. A record that lacks one is written nonetheless. */
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

/** `{a: {b: 1}}` and `{'a.b': 1}` alike: ECS has both. */
function valueAt(record: unknown, path: string): unknown {
  if (typeof record !== 'object' || record === null) return undefined;
  if (Object.hasOwn(record, path)) return (record as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  return dot === -1 ? undefined : valueAt(valueAt(record, path.slice(0, dot)), path.slice(dot + 1));
}

function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : null;
}

function asInteger(value: unknown, bits: 32 | 64): number | bigint | null {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return null;
  const exact = BigInt(value);
  if (exact !== BigInt.asIntN(bits, exact)) return null;
  return bits === 32 ? Number(exact) : exact;
}

/** Epoch microseconds, rounded down, of a timestamp; a moment outside 64 bits of nanoseconds is the nearest one. */
function asMicroseconds(value: unknown): bigint | null {
  const nanoseconds = typeof value === 'string' ? epochNanoseconds(value) : null;
  if (nanoseconds === null) return null;
  const within = nanoseconds % 1000n;
  return (nanoseconds - (within < 0n ? within + 1000n : within)) / 1000n;
}
