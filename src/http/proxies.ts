import { BlockList, isIP } from 'node:net';
import { TrawlError } from '../errors.js';

export interface HttpProxy {
  /** Without credentials. */
  url: URL;
  /** Value of `Proxy-Authorization`; undefined if the setting has no credentials. */
  authorization: string | undefined;
}

/** Environment variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL; undefined for a direct connection. */
export type ProxyFor = (url: URL) => HttpProxy | undefined;

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the lower-case names take precedence. HTTP_PROXY also applies to https if
 * HTTPS_PROXY is not set.
 * @throws TrawlError SETTINGS_INVALID, naming the variable but not its value, which may contain a password
 */
export function readProxies(env: Variables): ProxyFor {
  const http = proxyOf(env, 'HTTP_PROXY');
  const https = proxyOf(env, 'HTTPS_PROXY') ?? http;
  const isExempt = exemptions(env.no_proxy || env.NO_PROXY || '');
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    return proxy === undefined || isExempt(url) ? undefined : proxy;
  };
}

function proxyOf(env: Variables, name: string): HttpProxy | undefined {
  const variable = [name.toLowerCase(), name].find((each) => env[each]?.trim());
  if (variable === undefined) return undefined;
  const proxy = parsed(env[variable]!.trim());
  if (proxy) return proxy;
  throw new TrawlError('SETTINGS_INVALID', `${variable} must be http://HOST:PORT, https://HOST:PORT or HOST:PORT.`, {
    hint: 'Correct it, or unset it to use no proxy. Percent-encode special characters in a password (%XX).',
  });
}

function parsed(text: string): HttpProxy | undefined {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  if (!(url.protocol in defaultPorts) || url.hostname === '') return undefined;
  try {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const authorization = credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
    return { url: new URL(url.origin), authorization };
  } catch {
    return undefined;
  }
}

/** Entries are domains (with subdomains), addresses or ranges (10.0.0.0/8), each with an optional port, or `*`. */
function exemptions(text: string): (url: URL) => boolean {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(exemption);
  return (url) => {
    const host = bare(url.hostname.toLowerCase());
    const port = Number(url.port) || defaultPorts[url.protocol];
    return entries.some((covers) => covers(host, port));
  };
}

function exemption(entry: string): (host: string, port: number | undefined) => boolean {
  if (entry === '*') return () => true;
  const [, withPort, portText] = isIP(entry) === 0 ? (/^(.+):(\d+)$/.exec(entry) ?? []) : [];
  const name = bare(withPort ?? entry);
  const covers = name.includes('/') ? inRange(name) : under(name.replace(/^\*?\./, ''));
  return (host, port) => (portText === undefined || Number(portText) === port) && covers(host);
}

function under(name: string): (host: string) => boolean {
  return (host) => host === name || host.endsWith(`.${name}`);
}

function inRange(range: string): (host: string) => boolean {
  const [net = '', prefix = ''] = range.split('/');
  const list = new BlockList();
  try {
    list.addSubnet(net, Number(prefix || Number.NaN), family(net));
  } catch {
    return () => false;
  }
  return (host) => isIP(host) !== 0 && list.check(host, family(host));
}

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const bare = (host: string) => host.replace(/^\[|\]$/g, '');
