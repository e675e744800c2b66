import { commaList } from '../comma-list.js';
import type { Environment } from '../environment.js';
import type { SettingDefinition } from './definition.js';

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

/** Where secrets would go. */
interface Destination {
  /** The row of the table that leads there, or that names the secret. */
  row: string;
  definition: SettingDefinition;
  text: string;
}

/**
 * Says why the secrets of a collector or sink are not sent to an address that the table names, itself or by a file or a
 * variable; undefined if they may be. Without this, whoever writes to the table could have them sent elsewhere, also to
 * another address of the operator's. The address that the environment sets for the same setting is the operator's choice.
 */
export function hostProblem(to: Destination, env: Environment): string | undefined {
  const { env: variable, default: otherwise } = to.definition;
  const url = refusedUrl(to, env[variable] || otherwise, env);
  if (!url) return undefined;
  return `${to.row} in the table names a host that secrets are not sent to (${url.protocol}//${url.host}): if it is right, ${listing(url)}`;
}

/**
 * Says why a secret of another sink is not sent to an address; undefined if it may be. What the environment sets for one
 * sink belongs together: its secrets go to its own address.
 * @param other the beginning of the names of that sink's variables
 */
export function foreignProblem(to: Destination, other: string, env: Environment): string | undefined {
  const url = refusedUrl(to, env[`${other}${to.definition.ofEverySink}`], env);
  if (!url) return undefined;
  return `${to.row} in the table names a secret of another sink, which is not sent to ${url.protocol}//${url.host}: if that is right, ${listing(url)}`;
}

/** The address, unless secrets may be sent there: it has the origin of `own`, or its host is the vendor's or listed. */
function refusedUrl({ definition, text }: Destination, own: string | undefined, env: Environment): URL | undefined {
  if (!definition.address || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (own !== undefined && URL.canParse(own) && new URL(own).origin === url.origin) return undefined;
  const vendor = secretHosts(definition.address.vendorHosts.join(','))!;
  const listed = secretHosts(env.TRAWL_SECRET_HOSTS ?? '') ?? [];
  return [...vendor, ...listed].some((rule) => allows(rule, url)) ? undefined : url;
}

function listing({ protocol, host }: URL): string {
  return `add ${protocol === 'http:' ? 'http://' : ''}${host} to TRAWL_SECRET_HOSTS, in the environment or .env of the worker`;
}

function allows({ http, host, port }: HostRule, { protocol, hostname, port: explicit }: URL): boolean {
  if (protocol !== 'https:' && !(http && protocol === 'http:')) return false;
  if (port !== undefined && port !== (explicit || (protocol === 'https:' ? '443' : '80'))) return false;
  return host.startsWith('.') ? hostname.endsWith(host) : hostname === host;
}
