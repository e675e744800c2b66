import type { StoredEvent } from '../../domain.js';
import type { Json } from './json.js';
import type { Facts, Status } from './mapping.js';
import type { Members } from './members.js';
import { entityOf, namedOf, type Objects } from './objects.js';
import { cleanText, defined } from './values.js';

/** Columns with descriptions of related objects, such as `Ada Byron (status: ACTIVE , usertype: human)`. */
type Column = 'actor' | 'user' | 'client' | 'gateway' | 'group' | 'project' | 'server';

/** A member's id with the description of its related object. */
interface Known {
  uid?: string | undefined;
  name?: string | undefined;
  /** The parts in the brackets of the column, in order. */
  parts: readonly (string | undefined)[];
}

const labels: Readonly<Record<Column, readonly string[]>> = {
  actor: ['status: ', 'usertype: '],
  user: ['status: ', 'usertype: '],
  client: ['hostname: ', 'OS: ', 'state: '],
  gateway: ['access_address: ', 'default_address: '],
  server: ['project: ', 'canonical name: ', 'access address: ', 'OS: ', 'OS type: '],
  group: [],
  project: [],
};

const columns = Object.keys(labels) as Column[];

const members1: Readonly<Record<Column, readonly string[]>> = {
  actor: ['actor'],
  user: ['target_user', 'user'],
  client: ['client'],
  gateway: ['gateway'],
  group: ['group_id', 'group'],
  project: ['project_id', 'project'],
  server: ['server', 'target_server'],
};

/** The members that name what a column describes, by version. */
const membersOf = { 1: members1, 2: { ...members1, user: [...members1.user, 'service_user'] } } as const;

/** Kinds of entity that have a column. */
const columnOf: Readonly<Record<string, Column>> = { Client: 'client', Gateway: 'gateway', Project: 'project' };

/** Facts of an Okta Advanced Server Access event. `details` has ids, the columns have names. */
export class AsaFacts implements Facts {
  readonly #event: StoredEvent;
  readonly #members: Members;
  readonly #objects: Objects;
  readonly #known = new Map<Column, Known>();
  /** Columns that have become an attribute. */
  readonly #mapped = new Set<Column>();

  constructor(event: StoredEvent, members: Members, objects: Objects) {
    this.#event = event;
    this.#objects = objects;
    this.#members = members.pass('type');
  }

  actor(): Json | undefined {
    return this.#user('actor', {});
  }

  /** The account on a server if there is one, else the user whom the event is about. */
  user(): Json | undefined {
    const account = this.#members.text('account_name');
    if (account !== undefined) return this.#account(account);
    const unixName = this.#members.peek('unix_user_name') === undefined ? undefined : this.#unixAccount();
    const named = this.#user('user', unixName) ?? (unixName && this.#user('actor', unixName));
    if (named || this.#objects.version === 1) return named;
    // Who logs on to a server, if the event names only the account there.
    const name = (unixName?.account as Json | undefined)?.name as string | undefined;
    return this.#objects.userOf({ name, more: unixName ?? {} });
  }

  source(): Json | undefined {
    const { uid, name, parts } = this.#read('client');
    const [hostname, os] = parts;
    const ip = this.#members.textThat(this.#objects.isAddress, 'from_address', 'client_ip');
    // The column begins with the client's user; a column of another form is just a name.
    const owner = parts.length === 0 ? undefined : this.#objects.userOf({ name });
    return this.#objects.endpointOf({ ip, uid, name: parts.length === 0 ? name : hostname, os, more: { owner } });
  }

  target(): Json | undefined {
    const server = this.#server();
    if (!server) return undefined;
    const { uid, name, parts } = this.#read('gateway');
    const ip = parts.find((part) => part !== undefined && this.#objects.isAddress(part));
    const gateway = this.#objects.endpointOf({ uid, name, ip });
    return defined({ ...server, proxy_endpoint: gateway });
  }

  group(): Json | undefined {
    const { uid, name } = this.#read('group');
    return namedOf(uid, name);
  }

  privileges(): string[] {
    const mask = this.#members.text('permission_mask');
    const flags = ['server_access', 'server_admin'].filter((name) => this.#members.peek(name) === true);
    this.#members.pass(...flags);
    return mask === undefined ? flags : [`permission_mask:${mask}`, ...flags];
  }

  resource(): Json | undefined {
    const id = this.#members.text('resource_id');
    const server = id === undefined ? this.#read('server') : undefined;
    const hostname = this.#members.text('hostname');
    if (id !== undefined) return defined({ uid: id, name: hostname, type: 'Resource' });
    const named = namedOf(server?.uid, hostname ?? server?.name);
    if (named) return { ...named, type: 'Server' };
    const { uid, name } = this.#read('project');
    const project = namedOf(uid, name);
    return project && { ...project, type: 'Project' };
  }

  entity(kind: string): Json {
    if (kind === 'device') {
      const server = this.#server();
      const name = (server?.hostname ?? server?.name) as string | undefined;
      return entityOf(kind, {
        uid: server?.uid as string | undefined,
        name,
        more: server ? { device: deviceOf(server) } : {},
      });
    }
    if (kind === 'user') return entityOf(kind, { more: defined({ user: this.user() }) });
    if (kind === 'group') return entityOf(kind, { more: defined({ group: this.group() }) });
    if (kind === 'organization') {
      const org = namedOf(this.#members.text('team_id'), this.#members.text('team_name'));
      return entityOf(kind, { more: defined({ org }) });
    }
    const column = columnOf[kind];
    if (column === undefined) return this.#other(kind);
    const { uid, name, parts } = this.#read(column);
    return entityOf(kind, { uid, name: column === 'client' && parts.length > 0 ? parts[0] : name });
  }

  comment(): string | undefined {
    return this.#members.text('reason', 'justification', 'note');
  }

  logon(): Json {
    const type = this.#event.type;
    // An OCSF network logon is one from another machine; RDP has its own type.
    if (type.endsWith('rdp_login')) return { is_remote: true, logon_type_id: 10, logon_type: 'Remote Interactive' };
    if (type.endsWith('ssh_login')) return { is_remote: true, logon_type_id: 3, logon_type: 'Network' };
    return {};
  }

  status(): Status | undefined {
    const decision = this.#event.type === 'security_policy.evaluate' ? this.#members.text('decision') : undefined;
    if (decision === undefined) return undefined;
    if (decision === 'allow') return { id: 1, detail: decision };
    return decision === 'deny' ? { id: 2, detail: decision } : { id: 99, name: decision };
  }

  metadata(): Json {
    const members = this.#members;
    return { tenant_uid: members.text('team_id', 'team_name'), correlation_uid: members.text('trace_id') };
  }

  /** Columns for ids that did not become an attribute. */
  rest(): Json {
    const names = columns
      .filter((column) => this.#event[column] !== '' && !this.#mapped.has(column))
      .map((column) => [column, cleanText(this.#event[column])] as const);
    return names.length === 0 ? {} : { names: Object.fromEntries(names) };
  }

  #user(column: 'actor' | 'user', more: Json = {}): Json | undefined {
    const { uid, name, parts } = this.#read(column);
    return this.#objects.userOf({ uid, name, type: parts[1], more });
  }

  #unixAccount(): Json {
    const name = this.#members.text('unix_user_name');
    return name === undefined ? {} : { account: { name, type: 'Linux Account', type_id: 9 } };
  }

  #account(name: string): Json {
    const type = this.#members.text('account_type');
    return defined({ name, type, type_id: type === undefined ? undefined : 99, domain: this.#members.text('domain') });
  }

  #server(): Json | undefined {
    const { uid, name, parts } = this.#read('server');
    const [, , address, os] = parts;
    const hostname = this.#members.text('hostname');
    const endpoint = this.#objects.endpointOf({ uid, name: hostname ?? name, ip: address, os });
    return endpoint && { ...endpoint, type: 'Server', type_id: 1 };
  }

  /** An entity without a column, from the members that are likely to hold its id and name. */
  #other(kind: string): Json {
    const uid = this.#members.text('resource_id', 'ad_connection_id', 'key_id', 'id');
    const name = this.#members.text('name', 'domain', 'description');
    const thing = cleanText(this.#event.type.split('.', 1)[0]!);
    return entityOf(kind === 'Other' ? thing : kind, { uid, name: (uid ?? name) === undefined ? thing : name });
  }

  #read(column: Column): Known {
    const before = this.#known.get(column);
    if (before) return before;
    const first = this.#members.first(...membersOf[this.#objects.version][column]);
    const text = this.#event[column];
    // For several ids the column has several names, which cannot be separated reliably.
    const several = first?.alone === false;
    const known = several ? { uid: first.text, parts: [] } : { uid: first?.text, ...partsOf(text, column) };
    this.#known.set(column, known);
    if (!several) this.#mapped.add(column);
    return known;
  }
}

/** A server as a device, which has no port. */
function deviceOf({ port: _, ...device }: Json): Json {
  return device;
}

/** Splits `Name (label: part, label: part)` into name and parts. A text of another form is the name. */
function partsOf(column: string, of: Column): Omit<Known, 'uid'> {
  if (column === '') return { parts: [] };
  const whole = { name: cleanText(column), parts: [] };
  const wanted = labels[of];
  if (wanted.length === 0 || !column.endsWith(')')) return whole;
  const parts: (string | undefined)[] = [];
  let end = column.length - 1;
  for (let index = wanted.length - 1; index >= 0; index -= 1) {
    const label = wanted[index]!;
    const at = column.lastIndexOf(label, end);
    if (at <= 0) return whole;
    parts.unshift(cleanText(column.slice(at + label.length, end).trim()) || undefined);
    end = at;
    // Skip the comma or the bracket before the label.
    while (end > 0 && /[ ,(]/.test(column[end - 1]!)) end -= 1;
  }
  return { name: cleanText(column.slice(0, end)) || undefined, parts };
}
