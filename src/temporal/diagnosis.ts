import { X509Certificate } from 'node:crypto';
import { connect } from 'node:http2';
import { isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { reasonOf } from '../errors.js';

/** Why a server cannot be reached, and what a person should do. */
export interface Diagnosis {
  /** Completes the sentence "… cannot be used: ". */
  problem: string;
  hint: string;
  /** True if the server is there but a person must provide access. */
  refused: boolean;
}

/** A TLS 1.3 server refuses a client certificate only after the handshake. */
const afterHandshakeMs = 500;

/**
 * Finds out why a connection failed: the gRPC client only reports a timeout. Opens its own connections and sends none
 * of the settings except the client certificate.
 * @param probeMaxMs timeout of each connection.
 */
export async function diagnose(
  { address, tls, proxy }: NativeConnectionOptions,
  probeMaxMs: number,
): Promise<Diagnosis> {
  const target = splitAddress(address ?? 'localhost:7233');
  const options = tls && typeof tls === 'object' ? tls : {};
  const certificate = options.clientCertPair && expiryOf(options.clientCertPair.crt);
  if (certificate && certificate < new Date()) {
    return refused(
      `the client certificate expired on ${certificate.toISOString()}`,
      'Provide a new one in TEMPORAL_TLS_CLIENT_CERT_PATH (or _DATA).',
    );
  }
  const tunnel = proxy && (await tunnelled(proxy, target, probeMaxMs));
  if (proxy && (typeof tunnel === 'number' || tunnel instanceof Error)) return ofProxy(proxy.targetHost, tunnel);
  if (!tls && !proxy) return diagnosePlain(target, probeMaxMs);
  const ca = options.serverRootCACertificate;
  if (ca && !expiryOf(ca)) {
    return refused(
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH (or _DATA) does not contain a certificate in PEM form',
      'Name the file with the certificate of the authority.',
    );
  }
  const serverName = options.serverNameOverride ?? target.host;
  const outcome = await handshake(target, probeMaxMs, {
    ALPNProtocols: ['h2'],
    ...(isIP(serverName) ? {} : { servername: serverName }),
    ...(ca ? { ca: Buffer.from(ca) } : {}),
    ...(options.clientCertPair
      ? { cert: Buffer.from(options.clientCertPair.crt), key: Buffer.from(options.clientCertPair.key) }
      : {}),
    ...(tunnel instanceof Socket ? { socket: tunnel } : {}),
  });
  return outcome instanceof Error ? ofTlsError(outcome, options.clientCertPair !== undefined) : ofNoAnswer;
}

async function tunnelled(
  proxy: NonNullable<NativeConnectionOptions['proxy']>,
  { host, port }: Target,
  answerMaxMs: number,
) {
  // Only where a connection fails.
  const { openTunnel } = await import('../http/tunnel.js');
  const { username, password } = proxy.basicAuth ?? {};
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return openTunnel({
    proxy: proxy.targetHost,
    target,
    authorization: proxy.basicAuth && authorization,
    answerMaxMs,
  });
}

/** @param answer the status with which the proxy refuses, or why it cannot be reached */
function ofProxy(proxy: string, answer: number | Error): Diagnosis {
  if (answer instanceof Error)
    return unreachable(
      `the proxy ${proxy} cannot be reached (${codeOf(answer) || answer.message})`,
      'Check HTTPS_PROXY and the network to the proxy, or list the server in NO_PROXY if it can be reached directly.',
    );
  const hint =
    answer === 407
      ? 'Correct the user and password in HTTPS_PROXY (special characters as %XX).'
      : 'Have its operator allow the server, or list the server in NO_PROXY if it can be reached directly.';
  const problem = `the proxy ${proxy} answers ${answer} instead of connecting to it`;
  return answer >= 500 ? unreachable(problem, hint) : refused(problem, hint);
}

interface Target {
  host: string;
  port: number;
}

function splitAddress(address: string): Target {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? plain ?? address, port: Number(port ?? 7233) };
}

async function diagnosePlain(target: Target, probeMaxMs: number): Promise<Diagnosis> {
  const plain = await speakHttp2(target, probeMaxMs);
  if (plain === 'answered' || plain === 'silent') return ofNoAnswer;
  const network = ofNetworkError(plain);
  if (network) return network;
  // Any certificate will do: this only finds out whether the server speaks TLS.
  const outcome = await handshake(target, probeMaxMs, { ALPNProtocols: ['h2'], rejectUnauthorized: false });
  if (!(outcome instanceof Error) || isAlert(outcome)) {
    return refused(
      'it requires TLS',
      'Set TEMPORAL_TLS=true, and TEMPORAL_TLS_SERVER_CA_CERT_PATH for your own certificate authority.',
    );
  }
  return ofForeign;
}

function speakHttp2({ host, port }: Target, probeMaxMs: number): Promise<'answered' | 'silent' | Error> {
  return new Promise((resolve) => {
    const session = connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
    const timer = setTimeout(() => end('silent'), probeMaxMs);
    const end = (outcome: 'answered' | 'silent' | Error): void => {
      clearTimeout(timer);
      resolve(outcome);
      session.destroy();
    };
    session.on('remoteSettings', () => end('answered'));
    session.on('error', end);
    session.on('close', () => end(new Error('the connection was closed')));
  });
}

function handshake(
  { host, port }: Target,
  probeMaxMs: number,
  options: ConnectionOptions,
): Promise<'done' | 'silent' | Error> {
  return new Promise((resolve) => {
    let socket: TLSSocket | undefined;
    let timer = setTimeout(() => end('silent'), probeMaxMs);
    const end = (outcome: 'done' | 'silent' | Error): void => {
      clearTimeout(timer);
      resolve(outcome);
      socket?.destroy();
    };
    try {
      socket = connectTls({ ...options, host, port });
    } catch (error) {
      return end(error as Error);
    }
    let secured = false;
    socket.on('secureConnect', () => {
      secured = true;
      clearTimeout(timer);
      timer = setTimeout(() => end('done'), afterHandshakeMs);
    });
    socket.on('data', () => end('done'));
    // Not every server sends an alert before it closes.
    const closed = () => Object.assign(new Error('the connection was closed'), secured ? { code: closedAlert } : {});
    socket.on('error', (error) => end(secured && codeOf(error) === 'ECONNRESET' ? closed() : error));
    socket.on('close', () => end(closed()));
  });
}

function expiryOf(pem: Uint8Array | string): Date | undefined {
  try {
    return new Date(new X509Certificate(Buffer.from(pem)).validTo);
  } catch {
    return undefined;
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** Represents an alert that the server did not send. */
const closedAlert = 'CLOSED_WITHOUT_ALERT';

const isAlert = (error: Error): boolean => /ALERT/.test(codeOf(error));

function ofNetworkError(error: Error): Diagnosis | undefined {
  switch (codeOf(error)) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unreachable(
        `this host name cannot be resolved (${codeOf(error)})`,
        'Check TEMPORAL_ADDRESS and name resolution on this host.',
      );
    case 'ECONNREFUSED':
      return unreachable(
        'nothing listens there',
        'Check TEMPORAL_ADDRESS, start the server, or start one here with "trawl up".',
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return unreachable(`there is no route to it (${codeOf(error)})`, 'Check the network and its firewalls.');
    default:
      return undefined;
  }
}

function ofTlsError(error: Error, hasCertificate: boolean): Diagnosis {
  const network = ofNetworkError(error);
  if (network) return network;
  const code = codeOf(error);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return refused("the server's certificate has expired", "Renew it on the server, or correct this host's clock.");
    case 'CERT_NOT_YET_VALID':
      return refused(
        "the server's certificate is not valid yet",
        "Correct this host's clock, or the server's certificate.",
      );
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return refused(
        `the authority of the server's certificate is not trusted (${code})`,
        'Name its certificate in TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return refused(
        "the server's certificate is for another name",
        'Check TEMPORAL_ADDRESS, or name the right one in TEMPORAL_TLS_SERVER_NAME.',
      );
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return refused(
        'it does not speak TLS',
        'Remove the TEMPORAL_TLS… settings (and TEMPORAL_API_KEY) for this server.',
      );
    default:
      if (isAlert(error) && !hasCertificate) {
        return refused(
          'it requires a client certificate',
          'Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
        );
      }
      if (isAlert(error)) {
        return refused(
          `it does not accept the client certificate (${code})`,
          'Check TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH with the administrator of the server.',
        );
      }
      return unreachable(reasonOf(error), 'Check TEMPORAL_ADDRESS and the TEMPORAL_TLS_… settings.');
  }
}

const ofNoAnswer = unreachable(
  'it does not answer',
  'Check that TEMPORAL_ADDRESS names the gRPC port of a Temporal server (usually 7233), and look at that server.',
);

const ofForeign = unreachable(
  'it is not a Temporal server',
  'Check TEMPORAL_ADDRESS: it is the gRPC port (usually 7233), not the port of the UI.',
);

function refused(problem: string, hint: string): Diagnosis {
  return { problem, hint, refused: true };
}

function unreachable(problem: string, hint: string): Diagnosis {
  return { problem, hint, refused: false };
}
