import { commaList } from '../comma-list.js';
import type { Environment } from '../environment.js';
import type { Setting } from './definition.js';

/** A host that secrets may be sent to. */
interface HostRule {
  /** Without encryption too. */
  http: boolean;
  /** Lower case; with a leading dot it stands for every host below. */
  host: string;
  /** Undefined for every port. */
  port: string | undefined;
}

export const secretHostsForm =
  'hosts separated by commas: HOST, HOST:PORT or *.DOMAIN; after http:// if secrets may go there without TLS';

const form = /^(http:\/\/)?(\*\.)?(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\d{1,5}))?$/i;

/** The hosts that TRAWL_SECRET_HOSTS lists; undefined if it is malformed. */
export function secretHosts(text: string): HostRule[] | undefined {
  const rules: HostRule[] = [];
  for (const part of commaList(text)) {
    const [, http, below, host, port] = form.exec(part) ?? [];
    // A URL parser brings the host to the form in which it is compared, such as [::1] for [0:0::1].
    if (host === undefined || !URL.canParse(`https://${host}`)) return undefined;
    rules.push({
      http: http !== undefined,
      host: `${below ? '.' : ''}${new URL(`https://${host}`).hostname}`,
      port,
    });
  }
  return rules;
}

/**
 * Says why the secrets of a collector or sink are not sent to an address that the table names; undefined if they may be.
 * Without this, whoever writes to the table could have them sent elsewhere. An address of the environment is the
 * operator's.
 */
export function hostProblem({ key, ...setting }: Setting & { key: string }, text: string, env: Environment) {
  const { address, env: variable, default: otherwise } = setting;
  if (!address || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const own = env[variable] || otherwise;
  if (own !== undefined && URL.canParse(own) && new URL(own).origin === url.origin) return undefined;
  const vendor = secretHosts(address.vendorHosts.join(','))!;
  const listed = secretHosts(env.TRAWL_SECRET_HOSTS ?? '') ?? [];
  if ([...vendor, ...listed].some((rule) => allows(rule, url))) return undefined;
  const needed = url.protocol === 'http:' ? `http://${url.host}` : url.host;
  return `${key} in the table names a host that secrets are not sent to (${url.protocol}//${url.host}): if it is right, add ${needed} to TRAWL_SECRET_HOSTS, in the environment or .env of the worker`;
}

function allows({ http, host, port }: HostRule, { protocol, hostname, port: explicit }: URL): boolean {
  if (protocol !== 'https:' && !(http && protocol === 'http:')) return false;
  if (port !== undefined && port !== (explicit || (protocol === 'https:' ? '443' : '80'))) return false;
  return host.startsWith('.') ? hostname.endsWith(host) : hostname === host;
}
