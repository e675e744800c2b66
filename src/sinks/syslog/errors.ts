import { reasonOf, TrawlError } from '../../errors.js';
import { slow } from '../http-answer.js';

/** Meanings of Node.js and TLS error codes. `refused`: a retry does not help without a change of the settings. */
const rules: readonly { pattern: RegExp; refused: boolean; hint: string }[] = [
  {
    pattern:
      /ALERT_(BAD_)?CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_UNSUPPORTED_CERTIFICATE|ALERT_ACCESS_DENIED|HANDSHAKE_FAILURE/,
    refused: true,
    hint: 'The receiver does not accept the certificate of this client: correct certFile and keyFile of the sink.',
  },
  {
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID/,
    refused: true,
    hint: "The receiver's certificate has another name: correct address, or set serverName of the sink.",
  },
  {
    pattern: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    refused: true,
    hint: "The receiver's certificate is expired or not yet valid: renew it, or correct the clock of this machine.",
  },
  {
    pattern: /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_/,
    refused: true,
    hint: "This machine does not trust the receiver's certificate: set caFile of the sink to its CA.",
  },
  {
    pattern: /WRONG_VERSION_NUMBER|PACKET_LENGTH|ERR_SSL/,
    refused: true,
    hint: 'The receiver does not speak TLS as expected on that port: correct port, or set tls=no for the sink.',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    refused: false,
    hint: "Check address of the sink, and this machine's name resolution and network.",
  },
  {
    pattern: /ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    refused: false,
    hint: 'Check address and port of the sink, the network, and whether the receiver is running.',
  },
];

/** The error for a broken connection. Every message sent over it counts as not sent. */
export function connectionError(place: string, error: unknown): TrawlError {
  if (error instanceof TrawlError) return error;
  const reason = reasonOf(error);
  const text = `${String((error as NodeJS.ErrnoException).code ?? '')} ${reason}`;
  const rule = rules.find(({ pattern }) => pattern.test(text));
  return new TrawlError(
    rule?.refused ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE',
    `The connection to ${place} failed: ${codeOf(error) ?? reason}.`,
    {
      hint: rule?.hint ?? 'The whole batch is sent again; if this persists, check the network in between.',
      cause: error,
    },
  );
}

/** Codes are preferred, since OpenSSL's messages contain pointers and names of its source files. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

export function tooSlow(place: string, why: string, ms: number): TrawlError {
  return slow(`${place} ${why} within ${ms} ms, so it is unknown what it has read.`);
}

export function notClosed(place: string, why: string): TrawlError {
  return new TrawlError('SINK_UNAVAILABLE', `${place} ${why}, so it is unknown what it has read.`, {
    hint: 'The whole batch is sent again; if this persists, check the log of the receiver.',
  });
}
