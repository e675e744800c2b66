import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { TrawlError } from '../errors.js';
import type { Compression, Encoded } from './format.js';

const gzipLevel = 6;
const zstdLevel = 3;

/** The library corrupts its memory if that cannot grow to hold input and output, which happens from about 1 GB. */
const zstdBytesMax = 512 * 1024 * 1024;
const zstdMagic = 0xfd2fb528;

const gzipped = promisify(zlib.gzip);

/** A file before compression. */
export interface Plain {
  bytes: Uint8Array;
  extension: string;
  contentType: string;
}

/**
 * Compresses a file as one stream. Its content type becomes that of the compression, so that nothing unpacks it in
 * transit.
 */
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

/** Node.js writes no time into the header, but the operating system: 255 is "unknown" (RFC 1952). */
async function gzipBytes(bytes: Uint8Array): Promise<Uint8Array> {
  const result = await gzipped(bytes, { level: gzipLevel });
  result[9] = 255;
  return result;
}

/** Node.js has zstd from 22.15 on, and takes a sixth of the time. Its types are those of an older one. */
const native = zlib as {
  zstdCompressSync?(
    bytes: Uint8Array,
    options: { pledgedSrcSize: number; params: Readonly<Record<number, number>> },
  ): Buffer;
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
