import { reasonOf, TrawlError } from '../../errors.js';

/** What the codes of Node and TLS mean here, and whether trying again helps by itself. */
const rules: readonly { pattern: RegExp; refused: boolean; hint: string }[] = [
  {
    pattern:
      /ALERT_(BAD_)?CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_UNSUPPORTED_CERTIFICATE|ALERT_ACCESS_DENIED|HANDSHAKE_FAILURE/,
    refused: true,
    hint: 'The receiver does not take the certificate of this client: correct certFile and keyFile of the sink.',
  },
  {
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID/,
    refused: true,
    hint: "The receiver's certificate has another name: correct address, or set serverName of the sink.",
  },
  {
    pattern: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    refused: true,
    hint: "The receiver's certificate is not valid at this time: renew it, or correct the clock of this machine.",
  },
  {
    pattern: /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_/,
    refused: true,
    hint: "The receiver's certificate is not trusted here: set caFile of the sink to its authority.",
  },
  {
    pattern: /WRONG_VERSION_NUMBER|PACKET_LENGTH|ERR_SSL/,
    refused: true,
    hint: 'There is no TLS of the expected kind at that port: correct port, or set tls=no of the sink.',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    refused: false,
    hint: 'Check address of the sink, and name resolution and network of this machine.',
  },
  {
    pattern: /ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    refused: false,
    hint: 'Check address and port of the sink, the network, and whether the receiver runs.',
  },
];

/** What went wrong with the connection; every message that was sent over it counts as not sent. */
export function connectionError(place: string, error: unknown): TrawlError {
  if (error instanceof TrawlError) return error;
  const reason = reasonOf(error);
  const text = `${String((error as NodeJS.ErrnoException).code ?? '')} ${reason}`;
  const rule = rules.find(({ pattern }) => pattern.test(text));
  return new TrawlError(
    rule?.refused ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE',
    `The connection to ${place} failed: ${codeOf(error) ?? reason}.`,
    { hint: rule?.hint ?? 'The whole batch is sent again; if it stays so, check the network between.', cause: error },
  );
}

/** OpenSSL's messages hold pointers and file names of its source. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

export function notClosed(place: string, why: string): TrawlError {
  return new TrawlError('SINK_UNAVAILABLE', `${place} ${why}, so it is unknown what it has read.`, {
    hint: 'The whole batch is sent again; if it stays so, look at the log of the receiver.',
  });
}
