import { isIP } from 'node:net';

export interface Address {
  ip: string;
  port?: number;
}

/** The longest: an IPv6 address with an IPv4 ending and a zone, in brackets, and a port. */
const charactersMax = 80;

/** Takes `IP`, `IPv4:PORT`, `[IPv6]` and `[IPv6]:PORT` apart; undefined for any other text. */
export function addressOf(text: string): Address | undefined {
  if (text.length > charactersMax) return undefined;
  if (isIP(text) !== 0) return { ip: text };
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const ip = inBrackets ?? plain;
  if (ip === undefined || isIP(ip) !== (inBrackets === undefined ? 4 : 6)) return undefined;
  if (digits === undefined) return { ip };
  const port = Number(digits);
  return port > 65_535 ? undefined : { ip, port };
}
