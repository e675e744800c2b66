import { commaList } from '../../comma-list.js';
import type { StoredEvent } from '../../domain.js';
import { outcomeOfCode } from '../event-types/skyflow.js';
import type { Json } from './json.js';
import type { Facts, Status } from './mapping.js';
import type { Members } from './members.js';
import { entityOf, type Objects } from './objects.js';
import { cleanText, defined, isHostname, something } from './values.js';

/** HTTP methods that OCSF has; PATCH is missing. */
const methods = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']);

/** Path segments after a vault that are not tables. */
const noTables = new Set(['tokenize', 'detokenize', 'query', 'files', 'upload']);

const kinds: Readonly<Record<string, string>> = { POLICY: 'policy', USER: 'user', SERVICE_ACCOUNT: 'user' };

/** Facts of a Skyflow event. */
export class SkyflowFacts implements Facts {
  readonly #members: Members;
  readonly #objects: Objects;
  readonly #context: Members;
  readonly #request: Members;
  readonly #response: Members;
  readonly #resources: readonly { type: string; uid: string }[];

  constructor(event: StoredEvent, members: Members, objects: Objects) {
    this.#objects = objects;
    this.#members = members;
    this.#context = members.nested('context').pass('changeID');
    this.#request = members.nested('request').pass('timestamp');
    this.#response = members.nested('response');
    // The members have only a placeholder for the content.
    this.#request.nested('data').pass('content');
    this.#response.nested('data').pass('content');
    if (this.#request.texts('apiName')[0] === event.type) this.#request.pass('apiName');
    this.#resources = resourcesOf(members);
  }

  actor(): Json | undefined {
    const type = this.#context.text('actorType');
    const more = { credential_uid: this.#context.text('jwtID') };
    const uid = this.#context.text('actor');
    return this.#objects.userOf({ uid, type: type === 'NONE' ? undefined : type, named: 'by id', more });
  }

  session(): Json | undefined {
    const uid = this.#context.text('sessionID');
    return uid === undefined ? undefined : { uid };
  }

  user(): Json | undefined {
    const found = this.#resources.find(({ type }) => type === 'USER' || type === 'SERVICE_ACCOUNT');
    return found && this.#userOf(found);
  }

  source(): Json | undefined {
    return this.#objects.endpointOf({ ip: this.#context.textThat(this.#objects.isAddress, 'ipAddress') });
  }

  privileges(): string[] {
    return this.#resources.filter(({ type }) => type === 'ROLE' || type === 'POLICY').map(fullId);
  }

  resource(): Json | undefined {
    const uid = this.#vaultId();
    return uid === undefined ? undefined : { uid, type: 'VAULT' };
  }

  resources(): Json[] | undefined {
    this.#members.pass('resourceIDs');
    return this.#resources.length === 0 ? undefined : this.#resources.map(({ uid, type }) => ({ uid, type }));
  }

  entity(kind: string): Json {
    const type = kind || this.#request.texts('resourceType')[0] || 'Other';
    const found = this.#resources.findLast((resource) => resource.type === type);
    const uid = type === 'VAULT' ? (found?.uid ?? this.#request.text('vaultID')) : found?.uid;
    const name = Object.hasOwn(kinds, type) ? kinds[type]! : type;
    if (name === 'user') return entityOf(name, { more: defined({ user: found && this.#userOf(found) }) });
    if (name === 'policy') return entityOf(name, { more: uid === undefined ? {} : { policy: { uid } } });
    return entityOf(name, { uid, name: uid === undefined ? type : undefined });
  }

  httpRequest(): Json | undefined {
    const info = this.#request.nested('httpInfo');
    const method = info.textThat((text) => methods.has(text), 'method');
    const url = urlOf(info.text('URI'));
    const uid = this.#context.text('requestID');
    return something({ uid, http_method: method, url });
  }

  apiResponse(): Json | undefined {
    const code = numberOf(this.#response.text('code'));
    const message = this.#response.text('message');
    return something({ code, message });
  }

  logon(): Json {
    const mode = this.#context.text('authMode');
    return mode === undefined ? {} : { auth_protocol_id: 99, auth_protocol: mode };
  }

  datastore(): Json {
    const uid = this.#vaultId();
    const database =
      uid === undefined ? { name: 'Unknown', type: 'Unknown', type_id: 0 } : { uid, type: 'Vault', type_id: 99 };
    const path = urlOf(this.#request.nested('httpInfo').text('URI'))?.path as string | undefined;
    const name = /\/vaults\/[^/]+\/([^/]+)/.exec(path ?? '')?.[1];
    const table = name === undefined || noTables.has(name) ? undefined : { name };
    return { database, table, type_id: table ? 3 : 1, type: table ? 'Table' : 'Database' };
  }

  status(): Status | undefined {
    const code = this.#response.text('code');
    const detail = this.#response.text('message');
    const number = numberOf(code);
    if (number === undefined) return code === undefined && detail === undefined ? undefined : { id: 0, code, detail };
    if (this.#objects.version === 2 && outcomeOfCode(code) === undefined) return { id: 0, code, detail };
    return { id: number >= 100 && number < 400 ? 1 : number >= 400 ? 2 : 0, code, detail };
  }

  metadata(): Json {
    return { tenant_uid: this.#members.text('accountID'), correlation_uid: this.#context.text('traceID') };
  }

  #userOf(resource: { type: string; uid: string }): Json | undefined {
    return this.#objects.userOf({ ...resource, named: 'by id' });
  }

  #vaultId(): string | undefined {
    return this.#request.text('vaultID') ?? this.#resources.find(({ type }) => type === 'VAULT')?.uid;
  }
}

/** Resources in the form `TYPE/id`, from a list or a comma-separated text. */
function resourcesOf(members: Members): { type: string; uid: string }[] {
  return members
    .texts('resourceIDs')
    .flatMap(commaList)
    .map((text) => {
      const slash = text.indexOf('/');
      const uid = text.slice(slash + 1);
      return slash <= 0 || uid === '' ? { type: 'Unknown', uid: text } : { type: text.slice(0, slash), uid };
    });
}

function fullId({ type, uid }: { type: string; uid: string }): string {
  return `${type}/${uid}`;
}

/** The query and the fragment are left out, since they may contain values of the vault. */
function urlOf(uri: string | undefined): Json | undefined {
  const plain = uri?.split(/[?#]/, 1)[0];
  if (!plain) return undefined;
  if (!/^https?:\/\//i.test(plain) || !URL.canParse(plain)) return { path: plain };
  const { hostname, pathname, protocol } = new URL(plain);
  return defined({
    scheme: protocol.slice(0, -1),
    hostname: isHostname(hostname) ? hostname : undefined,
    path: cleanText(pathname),
  });
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
}
