/** Parquet files of events in the schema `native`, by full path, and which of their events are wanted. */
export interface GatheredFiles {
  /** At least one, which may be empty. */
  store: readonly string[];
  archive: readonly { path: string; events: number }[];
  /** Epoch nanoseconds in digits: from the first, and before the second. */
  sinceNs?: string | undefined;
  untilNs?: string | undefined;
}

const texts = ['timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'server', 'hostname'];
/** In the order of `audit_events` (docs/tables.md), with `time` for the functions of DuckDB. */
const columns = ['collector', 'seq', 'id', ...texts, 'from_addr', 'raw_event', 'extra', 'time'].map(quoted);

const [maxNs, minNs] = [2n ** 63n - 1n, -(2n ** 63n)];

/** A Parquet file has microseconds; the text has the rest. The limits are those of `epochNanoseconds`. */
const timeNs = `CAST(CASE
  WHEN epoch_us(moment) >= ${maxNs / 1000n} THEN ${maxNs}
  WHEN epoch_us(moment) <= ${minNs / 1000n - 1n} THEN ${minNs}
  ELSE epoch_us(moment) * 1000
    + CAST(rpad(substr(regexp_extract("timestamp", '\\.(\\d+)', 1), 1, 9), 9, '0') AS BIGINT) % 1000 END AS BIGINT)`;

/**
 * SQL that makes the table `events` of DuckDB from files: each event once, by collector and id. Those of the store come
 * before the same ones of the archive, since there a line break inside of a raw event has become a space.
 */
export function eventsTable({ store, archive, sinceNs, untilNs }: GatheredFiles): string[] {
  const files = [store, archive.map(({ path }) => path)].flatMap((paths, origin) =>
    paths.length > 0 ? [rowsOf(paths, origin)] : [],
  );
  const wanted = [
    ...(sinceNs === undefined ? [] : [`time_ns >= ${BigInt(sinceNs)}`]),
    ...(untilNs === undefined ? [] : [`time_ns < ${BigInt(untilNs)}`]),
  ];
  const where = wanted.length > 0 ? `WHERE ${wanted.join(' AND ')}` : '';
  return [
    `CREATE TEMP VIEW found AS SELECT * FROM
       (SELECT *, ${timeNs} AS time_ns FROM (SELECT *, coalesce("time", collected_at) AS moment FROM (${files.join(' UNION ALL ')}))) ${where}`,
    // Only those are sorted, with their raw events.
    'CREATE TEMP TABLE repeated AS SELECT collector, id FROM found GROUP BY ALL HAVING count(*) > 1',
    `CREATE TABLE events AS SELECT ${shown} FROM (
       SELECT * FROM found ANTI JOIN repeated USING (collector, id)
       UNION ALL BY NAME
       SELECT * FROM found SEMI JOIN repeated USING (collector, id)
       QUALIFY row_number() OVER (PARTITION BY collector, id ORDER BY origin, seq) = 1)`,
  ];
}

const shown = [
  ...columns.slice(0, 4),
  'time_ns',
  ...columns.slice(4, -1),
  `strftime(collected_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS collected_at`,
  columns.at(-1),
].join(', ');

function rowsOf(files: readonly string[], origin: number): string {
  return `SELECT ${columns.join(', ')}, collected_at, ${origin} AS origin FROM read_parquet(${listOf(files)}, hive_partitioning = false)`;
}

/** SQL of the number of events in each file, as `path` and `events`. */
export function countsOf(files: readonly string[]): string {
  return `SELECT file_name AS path, CAST(num_rows AS INTEGER) AS events FROM parquet_file_metadata(${listOf(files)})`;
}

function listOf(files: readonly string[]): string {
  return `[${files.map(textOf).join(', ')}]`;
}

/** A text as SQL has it. */
export function textOf(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
