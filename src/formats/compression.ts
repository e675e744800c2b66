import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { TrawlError } from '../errors.js';
import type { Compression, Encoded } from './format.js';

const gzipLevel = 6;
const zstdLevel = 3;

/** The library corrupts its memory if that cannot grow to hold input and output, which happens from about 1 GB. */
const zstdBytesMax = 512 * 1024 * 1024;
/** Of a file of a batch when it is read again; a file that claims more is not one. */
const plainBytesMax = zstdBytesMax;
const zstdMagic = 0xfd2fb528;

const gunzipped = promisify(zlib.gunzip);

type Part = string | Uint8Array;

/** A kind of file, before compression. */
type Plain = Omit<Encoded, 'bytes'>;

/**
 * Compresses the parts of a file as one stream. Its content type becomes that of the compression, so that nothing unpacks
 * it in transit.
 */
export async function compressed(parts: Iterable<Part>, plain: Plain, compression: Compression): Promise<Encoded> {
  switch (compression) {
    case 'gzip':
      return { bytes: await gzipped(parts), extension: `${plain.extension}.gz`, contentType: 'application/gzip' };
    case 'zstd': {
      const compress = await zstdCompressor();
      const bytes = compress(await joined(parts));
      return { bytes, extension: `${plain.extension}.zst`, contentType: 'application/zstd' };
    }
    case 'none':
      return { bytes: await joined(parts), ...plain };
  }
}

/** Node.js writes no time into the header, but the operating system: 255 is "unknown" (RFC 1952). */
async function gzipped(parts: Iterable<Part>): Promise<Uint8Array> {
  const stream = zlib.createGzip({ level: gzipLevel });
  const [bytes] = await Promise.all([buffer(stream), pipeline(bytesOf(parts), stream)]);
  bytes[9] = 255;
  return bytes;
}

async function joined(parts: Iterable<Part>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const bytes of bytesOf(parts)) all.push(bytes);
  return Buffer.concat(all);
}

/** Leaves others their turn after each part. */
async function* bytesOf(parts: Iterable<Part>): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part.length > 0) yield typeof part === 'string' ? Buffer.from(part) : part;
    await setImmediate();
  }
}

/** Node.js has zstd from 22.15 on, and takes a sixth of the time. Its types are those of an older one. */
const native = zlib as {
  zstdCompressSync?(
    bytes: Uint8Array,
    options: { pledgedSrcSize: number; params: Readonly<Record<number, number>> },
  ): Buffer;
  zstdDecompressSync?(bytes: Uint8Array, options: { maxOutputLength: number }): Buffer;
  constants: { ZSTD_c_compressionLevel?: number };
};

/**
 * Returns a function that compresses into a single frame with the content size, since some readers stop after the first
 * frame or refuse an unknown size. The function is synchronous; the library is loaded on the first call.
 */
export async function zstdCompressor(): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { zstdCompressSync, constants } = native;
  if (zstdCompressSync) {
    const params = { [constants.ZSTD_c_compressionLevel!]: zstdLevel };
    return (bytes) => zstdCompressSync(bytes, { pledgedSrcSize: bytes.length, params });
  }
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  return (bytes) => {
    if (bytes.length > zstdBytesMax) {
      throw new TrawlError('SETTINGS_INVALID', `${bytes.length} bytes are too many for zstd to compress at once.`, {
        hint: `Make batches smaller (at most ${zstdBytesMax} bytes), or compress with gzip.`,
      });
    }
    const result = zstd.compress(bytes, zstdLevel);
    // On an error the library prints a message and returns other bytes instead of throwing.
    if (new DataView(result.buffer, result.byteOffset, result.byteLength).getUint32(0, true) !== zstdMagic)
      throw new Error('zstd did not compress');
    return result;
  };
}

/** Returns a synchronous function that unpacks a frame of a known size; the library is loaded on the first call. */
export async function zstdDecompressor(): Promise<(bytes: Uint8Array, size: number) => Uint8Array> {
  const { zstdDecompressSync } = native;
  if (zstdDecompressSync) return (bytes, size) => zstdDecompressSync(bytes, { maxOutputLength: size });
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  return (bytes) => zstd.decompress(bytes);
}

/** Reads what `compressed` has made. Throws an error if it is something else, or larger than that can be. */
export async function decompressed(bytes: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === 'none') return bytes;
  if (compression === 'gzip') return gunzipped(bytes, { maxOutputLength: plainBytesMax });
  const size = zstdContentSize(bytes);
  if (size === undefined || size > plainBytesMax) throw new Error('this is no zstd of that size');
  if (native.zstdDecompressSync) return native.zstdDecompressSync(bytes, { maxOutputLength: plainBytesMax });
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const result = (await Zstd.load()).decompress(bytes);
  if (result.length !== size) throw new Error('zstd did not decompress');
  return result;
}

/** The size that the header of a frame states (RFC 8878, 3.1.1.1); undefined if it states none. */
function zstdContentSize(bytes: Uint8Array): number | undefined {
  const header = Buffer.alloc(18);
  header.set(bytes.subarray(0, header.length));
  if (header.readUInt32LE(0) !== zstdMagic) return undefined;
  const descriptor = header[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const form = descriptor >> 6;
  if (form === 0) return isSingleSegment ? header[at] : undefined;
  if (form === 1) return header.readUInt16LE(at) + 256;
  return form === 2 ? header.readUInt32LE(at) : Number(header.readBigUInt64LE(at));
}
