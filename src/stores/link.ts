/** How what is sent to a store is protected on its way. */
export interface StoreLink {
  /** True for a socket, and for an address that does not leave this machine. */
  isLocal: boolean;
  /** Version of TLS; null if the connection is in the clear. */
  tls: string | null;
  /** What had to be right about the server's certificate. */
  verified: 'host' | 'authority' | 'nothing';
  /** True if the certificate is valid, whether or not that was required. */
  passesVerification: boolean;
}

const verifiedText = {
  host: 'certificate verified for the host',
  authority: "certificate's authority verified, but not its host",
  nothing: 'certificate not verified',
} as const;

/** Says how a connection to the store is protected. */
export function linkText({ tls, verified, isLocal }: StoreLink): string {
  const how = tls === null ? 'no TLS' : `${tls}, ${verifiedText[verified]}`;
  return isLocal ? `${how}; on this machine` : how;
}

/** What others on the network could do with a connection to the store; undefined if they could do nothing. */
export function linkWarning(link: StoreLink): string | undefined {
  const { tls, verified, isLocal, passesVerification } = link;
  if (isLocal || (tls !== null && verified !== 'nothing')) return undefined;
  const risk =
    tls === null
      ? 'others on the network can read and change what is sent to it'
      : 'whoever answers in its place can read and change what is sent to it';
  const remedy =
    tls !== null && passesVerification
      ? 'Its certificate is valid: add sslmode=verify-full to TRAWL_STORE.'
      : 'Add sslmode=verify-full to TRAWL_STORE, and sslrootcert=FILE for an authority of your own.';
  return `${linkText(link)}: ${risk}. ${remedy}`;
}

/** Notes how the connections to the store are protected, and warns once of each way that is not. */
export class LinkWatch {
  #last: StoreLink | undefined;
  #warn: ((warning: string) => void) | undefined;
  #told: string | undefined;

  /** The connection that was opened last; undefined if there was none. */
  get last(): StoreLink | undefined {
    return this.#last;
  }

  readonly note = (link: StoreLink): void => {
    this.#last = link;
    this.#tell();
  };

  /** Warns of the present connection and, when it changes, of later ones. */
  warnBy(warn: (warning: string) => void): void {
    this.#warn = warn;
    this.#tell();
  }

  #tell(): void {
    if (!this.#last || !this.#warn) return;
    const warning = linkWarning(this.#last);
    if (warning !== undefined && warning !== this.#told) this.#warn(warning);
    this.#told = warning;
  }
}
