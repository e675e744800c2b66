import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Environment } from '../environment.js';
import { HttpClient } from '../http/client.js';
import type { CliRelease } from './cli-pinned.js';

const downloadMaxMs = 5 * 60_000;
const archiveBytesMax = 256 * 1024 * 1024;
const unpackedBytesMax = 1024 * 1024 * 1024;
const redirectsMax = 5;

/**
 * Downloads the release's archive for this platform and returns the command in it. Nothing of an archive that has not
 * the release's digest is unpacked, let alone run.
 */
export async function downloadedCli(release: CliRelease, env: Environment): Promise<Uint8Array> {
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const expected = release.archives[platform];
  if (!expected) throw new Error(`download: no digest of a release for ${platform} is known`);
  const name = `temporal_cli_${release.version}_${platform}.tar.gz`;
  const archive = await bodyAt(`${release.url}/v${release.version}/${name}`, env);
  const digest = createHash('sha256').update(archive).digest('hex');
  if (digest !== expected)
    throw new Error(`download: ${name} has the SHA-256 ${digest} instead of ${expected}, so it was not used`);
  const unpacked = await promisify(gunzip)(archive, { maxOutputLength: unpackedBytesMax });
  return fileIn(unpacked, 'temporal');
}

async function bodyAt(from: string, env: Environment): Promise<Uint8Array> {
  const http = new HttpClient({ bodyBytesMax: archiveBytesMax, requestMaxMs: downloadMaxMs }, env);
  try {
    let url = from;
    for (let redirects = 0; redirects <= redirectsMax; redirects++) {
      const { status, headers, body } = await http.request({ method: 'GET', url, headers: {} });
      const location = headers.location?.[0];
      if (status === 200) return body;
      if (status < 300 || status > 399 || location === undefined)
        throw new Error(`download: ${new URL(url).host} answered ${status}`);
      url = new URL(location, url).href;
    }
    throw new Error(`download: more than ${redirectsMax} redirects from ${from}`);
  } finally {
    await http.close();
  }
}

const blockBytes = 512;

/** A file of a tar archive. Each file has a header of one block, and its content fills whole blocks. */
function fileIn(tar: Buffer, name: string): Uint8Array {
  const field = (at: number, bytes: number) => tar.toString('latin1', at, at + bytes).replace(/\0.*$/s, '');
  for (let at = 0; at + blockBytes <= tar.length && tar[at] !== 0; ) {
    const bytes = Number.parseInt(field(at + 124, 12), 8);
    const content = at + blockBytes;
    if (!(bytes >= 0) || content + bytes > tar.length) break;
    if (field(at, 100).replace(/^\.\//, '') === name && /^[0]?$/.test(field(at + 156, 1)))
      return tar.subarray(content, content + bytes);
    at = content + Math.ceil(bytes / blockBytes) * blockBytes;
  }
  throw new Error(`download: the archive contains no file ${name}`);
}
