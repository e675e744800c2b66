/** Hints for the Node.js and TLS error codes that a person can act on. */
const connectionHints: readonly [RegExp, string][] = [
  [
    /HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW/,
    'The headers of the answer exceed 16 KiB: start Trawl with NODE_OPTIONS=--max-http-header-size=65536, or find out which proxy adds to them.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, "Check the host in the base URL, and this machine's name resolution and network."],
  [
    /ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    'Check the base URL and the network. If a proxy leads out of it, name that in HTTPS_PROXY.',
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    "The server's operator must renew the certificate, unless the clock of this machine is wrong.",
  ],
  [
    /ALTNAME_INVALID/,
    'The certificate is for another host: correct the base URL, or find out what answers instead (a proxy, a portal).',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/,
    'The server does not speak TLS on this port: check the scheme and port of the base URL.',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|SSL/,
    'This machine does not trust the certificate: add its CA with NODE_EXTRA_CA_CERTS (in the environment, not in .env), or correct the base URL.',
  ],
];

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException)?.code ?? '');
}

/** A hint for a connection that could not be made; undefined if the reason is not a known one. */
export function connectionHint(reason: string, error: unknown): string | undefined {
  const codes = `${reason} ${codeOf(error)}`;
  return connectionHints.find(([pattern]) => pattern.test(codes))?.[1];
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the source';
}
