import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { TrawlError } from '../errors.js';
import type { Compression, Encoded } from './format.js';

const gzipLevel = 6;
const zstdLevel = 3;

/** The library overwrites its own memory where that cannot grow to input and output; it does from about 1 GB. */
const zstdBytesMax = 512 * 1024 * 1024;
const zstdMagic = 0xfd2fb528;

const gzipped = promisify(gzip);

/** What a file is called that holds this, compressed or not. */
export interface Plain {
  bytes: Uint8Array;
  extension: string;
  contentType: string;
}

/** A file of one compressed stream. Its content type is that of the compression: nothing is unpacked on the way. */
export async function compressed(plain: Plain, compression: Compression): Promise<Encoded> {
  switch (compression) {
    case 'gzip':
      return {
        bytes: await gzipBytes(plain.bytes),
        extension: `${plain.extension}.gz`,
        contentType: 'application/gzip',
      };
    case 'zstd': {
      const compress = await zstdCompressor();
      return { bytes: compress(plain.bytes), extension: `${plain.extension}.zst`, contentType: 'application/zstd' };
    }
    case 'none':
      return plain;
  }
}

/** Node writes no time into the header, but the system that it runs on: 255 is "unknown" (RFC 1952). */
async function gzipBytes(bytes: Uint8Array): Promise<Uint8Array> {
  const result = await gzipped(bytes, { level: gzipLevel });
  result[9] = 255;
  return result;
}

/**
 * Compresses into one frame that says how long its content is, since some readers stop after the first frame or refuse
 * one of unknown length. It is synchronous; the library is loaded when the first one is asked for.
 */
export async function zstdCompressor(): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  return (bytes) => {
    if (bytes.length > zstdBytesMax) {
      throw new TrawlError('SETTINGS_INVALID', `${bytes.length} bytes are too many to be compressed at once by zstd.`, {
        hint: `Make batches smaller (at most ${zstdBytesMax} bytes), or compress with gzip.`,
      });
    }
    const result = zstd.compress(bytes, zstdLevel);
    // The library prints an error and returns something else instead of throwing.
    if (new DataView(result.buffer, result.byteOffset, result.byteLength).getUint32(0, true) !== zstdMagic)
      throw new Error('zstd did not compress');
    return result;
  };
}
