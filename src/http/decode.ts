import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { commaList } from '../comma-list.js';
import { TrawlError } from '../errors.js';
import { hostOf } from './connection-hints.js';

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const gunzip: Decode = promisify(zlib.gunzip);
const inflate: Decode = promisify(zlib.inflate);
const inflateRaw: Decode = promisify(zlib.inflateRaw);
const { zstdDecompress } = zlib as { zstdDecompress?: Parameters<typeof promisify>[0] };

/** Content codings (RFC 9110, section 8.4.1). Node.js 20 does not know zstd. */
const decoders: Readonly<Record<string, Decode | undefined>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // The zlib format; some servers send bare DEFLATE.
  deflate: (bytes, options) => (((bytes[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw)(bytes, options),
  br: promisify(zlib.brotliDecompress),
  zstd: zstdDecompress && (promisify(zstdDecompress) as Decode),
};

/** Each coding can take the time of a whole body. */
const codingsMax = 3;

const realCodings = new Set(['zstd', 'compress', 'x-compress', 'dcb', 'dcz']);

/**
 * The body of an answer, decoded. Trawl asks for no coding, but some servers and proxies use one anyway.
 * @param codings value of `Content-Encoding`: in the order in which they were applied
 * @throws TrawlError SOURCE_UNAVAILABLE (retried) if the coding is unknown or the bytes are not in it; RangeError if the
 *   decoded body is longer than `bytesMax`
 */
export async function decodedBody(
  body: Uint8Array,
  { codings, bytesMax, url }: { codings: string; bytesMax: number; url: string },
): Promise<Uint8Array> {
  const names = commaList(codings.toLowerCase()).filter((name) => name !== 'identity');
  if (names.length > codingsMax) throw undecodable(url, names[0]!, `${names.length} codings follow one another`);
  let bytes = body;
  for (const name of names.reverse()) {
    const decode = decoders[name];
    if (!decode && realCodings.has(name)) throw undecodable(url, name, 'this version of Node.js does not know it');
    // Some servers name something here that is not a coding, such as a character set.
    if (!decode) return bytes;
    try {
      bytes = await decode(bytes, { maxOutputLength: bytesMax });
    } catch (error) {
      if (error instanceof RangeError) throw error;
      throw undecodable(url, name, 'its bytes are not in that coding, or cut off', error);
    }
  }
  return bytes;
}

function undecodable(url: string, name: string, why: string, cause?: unknown): TrawlError {
  const coding = JSON.stringify(name.slice(0, 40));
  return new TrawlError(
    'SOURCE_UNAVAILABLE',
    `${hostOf(url)} answered in the content coding ${coding}, which was not asked for and cannot be decoded: ${why}.`,
    {
      hint: 'The request is retried; if this persists, find out what encodes the answers, often a proxy in between.',
      cause,
    },
  );
}
