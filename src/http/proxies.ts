import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { TrawlError } from '../errors.js';
import { oddCharacter } from '../settings/odd-characters.js';

export interface HttpProxy {
  /** Without credentials. */
  url: URL;
  /** The variable that names it. */
  variable: string;
  credentials: { username: string; password: string } | undefined;
}

/** Value of `Proxy-Authorization`; undefined if the setting has no credentials. */
export function authorizationOf({ credentials }: HttpProxy): string | undefined {
  if (!credentials) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
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
  const isExempt = exemptions(env[variableOf(env, 'NO_PROXY') ?? ''] ?? '');
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    return proxy === undefined || isExempt(url) ? undefined : proxy;
  };
}

function proxyOf(env: Variables, name: string): HttpProxy | undefined {
  const variable = variableOf(env, name);
  if (variable === undefined) return undefined;
  const text = env[variable]!.trim();
  const odd = oddCharacter(text);
  const proxy = odd === undefined ? parsed(text) : undefined;
  if (proxy) return { ...proxy, variable };
  const why = odd ? `, but it has ${odd}` : '';
  throw new TrawlError(
    'SETTINGS_INVALID',
    `${variable} must be http://HOST:PORT, https://HOST:PORT or HOST:PORT${why}.`,
    {
      hint: `Correct it, or unset it to use no proxy. ${/^socks/i.test(text) ? 'Trawl does not speak SOCKS.' : 'Percent-encode special characters in a password (%XX).'}`,
    },
  );
}

/** The variable that is set, the lower-case name first. An empty one counts as not set. */
function variableOf(env: Variables, name: string): string | undefined {
  return [name.toLowerCase(), name].find((each) => env[each]?.trim());
}

function parsed(text: string): Omit<HttpProxy, 'variable'> | undefined {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  if (!(url.protocol in defaultPorts) || url.hostname === '' || url.port === '0') return undefined;
  // A proxy has no path. What looks like one is the rest of a password with a special character in it.
  if (url.pathname !== '/' || /[?#\\]/.test(whole)) return undefined;
  try {
    const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    const credentials = username === '' && password === '' ? undefined : { username, password };
    return { url: new URL(url.origin), credentials };
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
    const host = bare(url.hostname.toLowerCase()).replace(/\.$/, '');
    const port = Number(url.port) || defaultPorts[url.protocol];
    return entries.some((covers) => covers(host, port));
  };
}

function exemption(entry: string): (host: string, port: number | undefined) => boolean {
  const [, withPort, portText] = isIP(entry) === 0 ? (/^(.+):(\d+)$/.exec(entry) ?? []) : [];
  const name = bare(withPort ?? entry);
  const covers = name.includes('/') ? inRange(name) : isIP(name) ? inRange(`${name}/${widthOf(name)}`) : under(name);
  return (host, port) => (portText === undefined || Number(portText) === port) && covers(host);
}

const widthOf = (address: string) => (isIP(address) === 6 ? 128 : 32);

function under(entry: string): (host: string) => boolean {
  if (entry === '*') return () => true;
  const domain = entry.replace(/^\*?\./, '').replace(/\.$/, '');
  const name = domainToASCII(domain) || domain;
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

const bare = (host: string) => host.replace(/[[\]]/g, '');
