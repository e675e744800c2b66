import type { Random } from '../random.js';

/** One audit event of the demo project. */
export interface DemoEvent {
  /** Empty if the event has none. */
  id: string;
  /** Epoch milliseconds. */
  occurred: number;
  /** JSON text, as the server sends it. */
  text: string;
  /** Fields that filters match. */
  members: Readonly<Record<string, unknown>>;
}

const actions = [
  ['LoginSucceed', 'info', 40],
  ['LoginFailed', 'warn', 8],
  ['LoginStarted', 'info', 30],
  ['UserCreated', 'info', 6],
  ['UserModified', 'info', 6],
  ['UserDeleted', 'info', 1],
  ['SessionRefreshed', 'info', 7],
  ['AccessKeyUsed', 'info', 2],
] as const;
const devices = ['Desktop', 'Mobile', 'Tablet', 'Bot', 'Unknown'] as const;
const methods = ['otp', 'totp', 'magiclink', 'oauth', 'saml', 'password'] as const;
const geos = ['DE', 'US', 'FR', 'GB', 'IL', 'JP', 'BR'] as const;
const people = ['ada', 'björn', 'chloé', 'dmitri', 'emi', 'farid', 'grace', 'hana', 'ivo', 'june'] as const;
const tenants = ['T2acmeEurope', 'T2acmeAmericas', 'T2globex'] as const;

/** Makes an event whose content depends only on `random`. */
export function createEvent(random: Random, projectId: string, occurred: number, hasId: boolean): DemoEvent {
  const [action, type] = weighted(random);
  const person = random.below(people.length);
  const userId = `U2${String(person).padStart(4, '0')}${people[person]!.slice(0, 2)}`;
  const byAdmin = action.startsWith('User');
  const id = random.uuid();
  const members = {
    ...(hasId ? { ID: `AUD${id}` } : random.chance(0.5) ? { ID: '' } : {}),
    projectId,
    userId,
    action,
    occurred: String(occurred),
    device: random.pick(devices),
    method: byAdmin ? '' : random.pick(methods),
    geo: random.pick(geos),
    remoteAddress: `203.0.113.${random.below(256)}`,
    externalIds: [`${people[person]}@example.com`],
    tenants: random.chance(0.3) ? [] : [random.pick(tenants)],
    data: { trace: id, ...(byAdmin ? { fields: ['email', 'phone'] } : {}) },
    type,
    actorId: byAdmin ? 'K2managementKey' : userId,
  };
  // A number that no double can hold, and one with a trailing zero: Trawl must store both unchanged.
  const text = JSON.stringify(members).replace(
    '"data":{',
    `"data":{"seq":9007199254740993${random.below(10)},"risk":0.10,`,
  );
  return { id: hasId ? `AUD${id}` : '', occurred, text, members };
}

function weighted(random: Random): (typeof actions)[number] {
  let at = random.below(100);
  return actions.find(([, , weight]) => {
    at -= weight;
    return at < 0;
  })!;
}
