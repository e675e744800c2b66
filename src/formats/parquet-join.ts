import { z } from 'zod';

/** A Parquet file, taken apart. */
export interface ParquetContents {
  events: number;
  /** Its columns and whoever made it. */
  kind: string;
  /** Number of rows and columns of each row group, as they are in the file. */
  rows: readonly Uint8Array[];
  footer: Footer;
  groups: readonly Group[];
}

interface Group {
  footer: Footer;
  chunks: readonly Chunk[];
}

/** A column of a group. */
interface Chunk {
  footer: Footer;
  /** Its place in the file. */
  at: bigint;
  bytes: Uint8Array;
}

/** A structure of the footer, by the numbers of its fields in parquet.thrift. */
type Footer = Readonly<Record<string, unknown>>;

const magic = Buffer.from('PAR1');

const structure = z.record(z.string(), z.unknown());
const fileFields = z.object({ field_3: z.bigint(), field_4: z.array(structure) });
const groupFields = z.object({ field_1: z.array(structure), field_3: z.bigint(), field_5: z.bigint().optional() });
/** The offset of an index is dropped. A column with any other unknown field would not be what it seems. */
const chunkFields = z.strictObject({
  ...{ field_2: z.bigint(), field_3: structure, field_4: z.bigint().optional(), field_5: z.number().optional() },
  ...{ field_6: z.bigint().optional(), field_7: z.number().optional() },
});
/** Type, codec, number of values, size; where its pages begin, those of its dictionary, and its filter. */
const columnFields = z.object({
  ...{ field_1: z.number(), field_3: z.array(z.instanceof(Uint8Array)), field_4: z.number(), field_5: z.bigint() },
  ...{ field_7: z.bigint(), field_9: z.bigint(), field_10: z.undefined().optional(), field_11: z.bigint().optional() },
  field_14: z.bigint().optional(),
});

/** Takes a file of the format `parquet` apart. Throws an error for any other whose footer this could not write again. */
export async function parquetContents(bytes: Uint8Array): Promise<ParquetContents> {
  return takenApart(bytes).catch((error: unknown) => {
    throw error instanceof z.ZodError ? new Error('it was not written by Trawl', { cause: error }) : error;
  });
}

async function takenApart(bytes: Uint8Array): Promise<ParquetContents> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends = [file.subarray(0, 4), file.subarray(-4)];
  if (file.length < 12 || !ends.every((end) => end.equals(magic))) throw new Error('it is not Parquet');
  const end = file.length - 8;
  const begin = end - file.readUInt32LE(end);
  if (begin < magic.length) throw new Error('it is not Parquet');
  const footer = await footerOf(file.subarray(begin, end));
  const { field_3: rows, field_4: groups } = fileFields.parse(footer);
  let next = BigInt(magic.length);
  // Where the columns end: at the first index, else at the footer.
  let afterColumns = BigInt(begin);
  const taken = groups.map((group): Group => {
    const chunks = groupFields.parse(group).field_1.map((chunk) => {
      const { field_7: size, field_9: pages, field_11: dictionary, field_14: filter } = columnOf(chunk);
      const { field_4: offsets, field_6: statistics } = chunkFields.parse(chunk);
      for (const index of [offsets, statistics, filter])
        if (index !== undefined && index < afterColumns) afterColumns = index;
      const at = dictionary !== undefined && dictionary > 0n && dictionary < pages ? dictionary : pages;
      // One after the other: nothing of a column is elsewhere.
      if (at !== next || at + size > BigInt(begin)) throw new Error('its columns are not where they should be');
      next = at + size;
      return { footer: chunk, at, bytes: file.subarray(Number(at), Number(next)) };
    });
    return { footer: group, chunks };
  });
  if (next !== afterColumns) throw new Error('its columns are not where they should be');
  const counted = groups.reduce((sum, group) => sum + groupFields.parse(group).field_3, 0n);
  if (counted !== rows) throw new Error('its numbers of rows differ');
  const { field_3: _rows, field_4: _groups, ...shape } = footer;
  const kind = (await footerBytes(shape)).toString('base64');
  return { events: Number(rows), kind, rows: taken.flatMap(rowsOf), footer, groups: taken };
}

/** Everything that a reader needs to read the rows of a group, besides the kind of the file. */
function rowsOf({ footer, chunks }: Group): Uint8Array[] {
  const said = [String(groupFields.parse(footer).field_3)];
  for (const chunk of chunks) {
    const { field_1: type, field_3: path, field_4: codec, field_5: values, field_9: pages } = columnOf(chunk.footer);
    const name = path.map((part) => Buffer.from(part).toString('base64')).join('.');
    said.push([name, type, codec, values, pages - chunk.at, chunk.bytes.length].join(' '));
  }
  return [Buffer.from(said.join('\n')), ...chunks.map(({ bytes }) => bytes)];
}

/**
 * One file with the groups of several, as they are: no value is read or written anew. Indexes and filters are left out, which
 * readers use only to go faster.
 */
export async function joinedParquet(files: readonly ParquetContents[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [magic];
  let at = BigInt(magic.length);
  const groups = files.flatMap((file) =>
    file.groups.map(({ footer, chunks }) => {
      const begin = at;
      const columns = chunks.map((chunk) => {
        const moved = movedBy(at - chunk.at, chunk.footer);
        parts.push(chunk.bytes);
        at += BigInt(chunk.bytes.length);
        return moved;
      });
      const fileOffset = groupFields.parse(footer).field_5 === undefined ? {} : { field_5: begin };
      // The place of a group in its former file says nothing here.
      const { field_7: _ordinal, ...others } = footer;
      return { ...others, field_1: columns, ...fileOffset };
    }),
  );
  const rows = files.reduce((sum, { events }) => sum + BigInt(events), 0n);
  const footer = await footerBytes({ ...files[0]!.footer, field_3: rows, field_4: groups });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, magic]);
}

function columnOf(chunk: Footer): z.infer<typeof columnFields> {
  return columnFields.parse(chunkFields.parse(chunk).field_3);
}

function movedBy(bytes: bigint, chunk: Footer): Footer {
  const { field_2: fileOffset, field_3: column } = chunkFields.parse(chunk);
  const { field_14: _filter, field_15: _filterLength, ...others } = column;
  const { field_9: pages, field_11: dictionary } = columnFields.parse(column);
  return {
    field_2: fileOffset === 0n ? 0n : fileOffset + bytes,
    field_3: {
      ...others,
      field_9: pages + bytes,
      ...(dictionary === undefined ? {} : { field_11: dictionary + bytes }),
    },
  };
}

/** Reads a footer. Throws an error if writing it again would give other bytes: something in it would be lost. */
async function footerOf(bytes: Buffer): Promise<Footer> {
  const { deserializeTCompactProtocol } = await import('hyparquet/src/thrift.js');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const footer = structure.parse(deserializeTCompactProtocol({ view, offset: 0 }));
  if (!(await footerBytes(footer)).equals(bytes)) throw new Error('it was not written by Trawl');
  return footer;
}

async function footerBytes(footer: Footer): Promise<Buffer> {
  const [{ ByteWriter }, { serializeTCompactProtocol }] = await Promise.all([
    import('hyparquet-writer'),
    import('hyparquet-writer/src/thrift.js'),
  ]);
  const writer = new ByteWriter();
  serializeTCompactProtocol(writer, ordered(footer));
  const bytes = writer.getBytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** With the fields in the order of their numbers, in every structure. */
function ordered(footer: Footer): Footer {
  const fields = Object.entries(footer).map(([name, value]) => [name, inOrder(value)] as const);
  return Object.fromEntries(fields.sort(([a], [b]) => Number(a.slice(6)) - Number(b.slice(6))));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  const isStructure = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
  return isStructure ? ordered(value as Footer) : value;
}
