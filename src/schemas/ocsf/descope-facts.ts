import type { Json } from './json.js';
import type { Facts, Status } from './mapping.js';
import type { Members } from './members.js';
import { entityOf, type Objects } from './objects.js';
import { defined, isEmail } from './values.js';

/** Devices that OCSF has a number for. */
const devices: Readonly<Record<string, readonly [typeId: number, type: string]>> = {
  Desktop: [2, 'Desktop'],
  Tablet: [4, 'Tablet'],
  Mobile: [5, 'Mobile'],
  Bot: [99, 'Bot'],
  Unknown: [0, 'Unknown'],
};

/** Sign-in methods that are protocols in OCSF. */
const protocols: Readonly<Record<string, readonly [id: number, name: string]>> = {
  saml: [5, 'SAML'],
  oauth: [6, 'OAUTH 2.0'],
};

/** Levels of an event that are worse than informational. */
const levels: Readonly<Record<string, number>> = { warn: 2, warning: 2, error: 3 };

/** Facts of a Descope event. */
export class DescopeFacts implements Facts {
  readonly #members: Members;
  readonly #objects: Objects;

  constructor(members: Members, objects: Objects) {
    this.#objects = objects;
    this.#members = members.pass('ID', 'occurred', 'action');
  }

  /** The user of the event if no other actor is named. */
  actor(): Json | undefined {
    const id = this.#members.text('actorId');
    const userId = this.#members.texts('userId')[0];
    return id === undefined || id === userId ? this.user() : this.#objects.userOf({ uid: id, named: 'by id' });
  }

  user(): Json | undefined {
    const uid = this.#members.text('userId');
    const tenant = this.#members.first('tenants')?.text;
    const name = this.#members.first('externalIds')?.text;
    const user = this.#objects.userOf({ uid, name, named: 'by id', more: this.#email() });
    return user && defined({ ...user, org: tenant === undefined ? undefined : { uid: tenant } });
  }

  source(): Json | undefined {
    const ip = this.#members.textThat(this.#objects.isAddress, 'remoteAddress');
    if (ip === undefined) return undefined;
    const country = this.#members.text('geo');
    const device = this.#members.textThat((text) => Object.hasOwn(devices, text), 'device');
    const [typeId, type] = device === undefined ? [] : devices[device]!;
    const location = country === undefined ? undefined : { country };
    return this.#objects.endpointOf({ ip, more: { type, type_id: typeId, location } });
  }

  /** The e-mail address among several login ids, which version 1 took only if it was the first. */
  #email(): Json {
    const email = this.#objects.version === 1 ? undefined : this.#members.texts('externalIds').find(isEmail);
    return email === undefined ? {} : { email_addr: email };
  }

  entity(kind: string): Json {
    const data = this.#members.nested('data');
    const base = kind.toLowerCase().replaceAll(' ', '_');
    const uid = data.text('id', `${base}_id`, `${base}Id`) ?? this.#uidOf(kind);
    const name = data.text('name', `${base}_name`);
    return entityOf(kind, { uid, name });
  }

  logon(): Json {
    const method = this.#members.text('method');
    if (method === undefined) return {};
    const [id, name] = Object.hasOwn(protocols, method) ? protocols[method]! : [99, method];
    return { auth_protocol_id: id, auth_protocol: name };
  }

  status(): Status | undefined {
    const detail = this.#members.nested('data').text('error_message');
    return detail === undefined ? undefined : { id: 2, detail };
  }

  severity(): number | undefined {
    const level = this.#members.texts('type')[0];
    return level !== undefined && Object.hasOwn(levels, level) ? levels[level] : undefined;
  }

  metadata(): Json {
    return { tenant_uid: this.#members.text('projectId'), log_level: this.#members.text('type') };
  }

  /** Only the ids of the project and the tenants are in the event itself. */
  #uidOf(kind: string): string | undefined {
    if (kind === 'Project') return this.#members.text('projectId');
    return kind === 'Tenant' ? this.#members.first('tenants')?.text : undefined;
  }
}
