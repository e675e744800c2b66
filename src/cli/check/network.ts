import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { counted } from '../../counted.js';
import type { Environment } from '../../environment.js';
import { reasonOf, TrawlError } from '../../errors.js';
import { connectionHint } from '../../http/connection-hints.js';
import { readProxies } from '../../http/proxies.js';
import { isLoopbackHost } from '../../loopback.js';
import type { CheckLines } from './lines.js';

const lookupMaxMs = 10_000;
const tlsMaxMs = 10_000;
/** A certificate that expires sooner causes a warning. */
const soonDays = 14;
const dayMs = 86_400_000;

/** Checks name resolution and TLS of a source's host. @returns false if it cannot be reached. */
export async function checkNetwork(lines: CheckLines, url: URL, env: Environment): Promise<boolean> {
  const proxy = readProxies(env)(url)?.url.host;
  if (proxy) {
    lines.skipped('name resolution', `requests go through the proxy ${proxy}, which looks the name up`);
    lines.skipped('TLS', `requests go through the proxy ${proxy}`);
    return true;
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host)
    ? [host]
    : await lines.attempt(
        'name resolution',
        () => addressesOf(host),
        (found) => `${host} is ${found.join(', ')}`,
      );
  if (!addresses) {
    lines.skipped('TLS', 'the host cannot be resolved');
    return false;
  }
  if (isIP(host)) lines.skipped('name resolution', `${host} is an address`);
  if (url.protocol === 'http:') {
    if (isLoopbackHost(host)) lines.skipped('TLS', `${url.origin} is on this machine, without TLS`);
    else lines.warning('TLS', `${url.origin} has none: others can read the key and the events in transit. Use https.`);
    return true;
  }
  return checkTls(lines, host, Number(url.port || 443));
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    const late = sleep(lookupMaxMs, undefined, { ref: false }).then(() => {
      throw Object.assign(new Error('no answer'), { code: `no answer within ${lookupMaxMs / 1000} s` });
    });
    const found = await Promise.race([lookup(host, { all: true }), late]);
    return found.map(({ address }) => address);
  } catch (error) {
    throw new TrawlError(
      'SOURCE_UNAVAILABLE',
      `The host ${host} was not found (${(error as NodeJS.ErrnoException).code}).`,
      {
        hint: 'Check the host in the base URL, and name resolution and network of this machine.',
        cause: error,
      },
    );
  }
}

async function checkTls(lines: CheckLines, host: string, port: number): Promise<boolean> {
  try {
    const { protocol, certificate } = await handshake(host, port);
    const ends = Date.parse(certificate.valid_to);
    const days = Math.floor((ends - Date.now()) / dayMs);
    const found = `${protocol}, certificate of ${certificate.issuer.O ?? certificate.issuer.CN} until ${new Date(ends).toISOString().slice(0, 10)}`;
    if (days < soonDays)
      lines.warning('TLS', `${found}: it expires in ${counted(days, 'day')}. The operator of ${host} must renew it.`);
    else lines.passed('TLS', found);
    return true;
  } catch (error) {
    const reason = reasonOf(error);
    lines.failed(
      'TLS',
      new TrawlError('SOURCE_UNAVAILABLE', `No TLS connection to ${host}:${port}: ${reason.replace(/\.$/, '')}.`, {
        hint: connectionHint(reason, error) ?? 'Check the base URL, and any proxy or firewall in between.',
        cause: error,
      }),
    );
    return false;
  }
}

function handshake(host: string, port: number): Promise<{ protocol: string; certificate: PeerCertificate }> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host, port, ...(isIP(host) ? {} : { servername: host }) }, () => {
      resolve({ protocol: socket.getProtocol() ?? 'TLS', certificate: socket.getPeerCertificate() });
      socket.destroy();
    });
    socket.setTimeout(tlsMaxMs, () => socket.destroy(new Error(`no answer within ${tlsMaxMs / 1000} s (ETIMEDOUT)`)));
    socket.on('error', reject);
  });
}
