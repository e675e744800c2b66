import { goJson } from './go-json.js';
import type { Scene } from './scene.js';

/** The JSON text of one member of an event's `details`. */
export type Member = (scene: Scene) => string;

export const nothing: Member = () => 'null';
export const blank: Member = () => '""';
export const no: Member = () => 'false';
export const flag: Member = ({ random }) => String(random.chance(0.5));

/** One of these values. */
export function oneOf(...values: unknown[]): Member {
  const texts = values.map(goJson);
  return ({ random }) => random.pick(texts);
}

/** Usually the given value; sometimes `""` or null, which the real server sends as well. */
export function mostly(member: Member): Member {
  return (scene) => (scene.random.chance(0.94) ? member(scene) : scene.random.pick(['""', 'null']));
}

export const actor: Member = (scene) => scene.actor();
export const client: Member = (scene) => (scene.random.chance(0.97) ? scene.client() : '""');
export const server: Member = (scene) => scene.server();
export const hostname: Member = (scene) => scene.hostname();
export const serverProject: Member = (scene) => scene.project();
export const user: Member = (scene) => scene.one(scene.team.users);
export const group: Member = (scene) => scene.one(scene.team.groups);
export const project: Member = (scene) => scene.one(scene.team.projects);
export const gateway: Member = (scene) => scene.one(scene.team.gateways);
export const policy: Member = (scene) => scene.one(scene.team.policies);
export const servers: Member = (scene) => (scene.random.chance(0.05) ? '[]' : scene.several(scene.team.servers, 3));
export const users: Member = (scene) => scene.several(scene.team.users, 5);

export const teamName: Member = (scene) => goJson(scene.team.name);
export const traceId: Member = ({ random }) => `"${random.base64(6)}"`;
export const address: Member = ({ random }) =>
  random.chance(0.06)
    ? `"2001:db8::${(random.below(65_535) + 1).toString(16)}"`
    : `"${random.pick(['198.51.100', '203.0.113', '192.0.2'])}.${1 + random.below(254)}"`;
export const internalAddress: Member = ({ random }) =>
  `"10.${random.below(64)}.${random.below(256)}.${1 + random.below(254)}"`;
export const unixName: Member = (scene) =>
  `"${scene
    .actorName()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')}"`;
export const publicKey: Member = ({ random }) =>
  `"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${random.base64(32).slice(0, 43)}"`;
export const uuid: Member = ({ random }) => `"${random.uuid()}"`;
export const count: Member = ({ random }) => String(random.below(400));

/** Beyond 2^53: a double would change the last digits. */
export const hugeNumber: Member = ({ random }) => `90071992547409${String(random.below(1e6)).padStart(6, '0')}3`;
export const hugeMask: Member = ({ random }) =>
  random.pick(['18446744073709551615', '9223372036854775807', '9007199254740993']);
/** Numbers whose text says more than their value. */
export const exactNumber: Member = ({ random }) =>
  random.pick(['1.50', '0.30', '2.00', '10.0', '1e3', '-0.0', '0.1000000000000000055']);
export const note: Member = oneOf(
  '',
  null,
  'ticket SEC-1042',
  'on-call & <break glass>',
  'žádost č. 7',
  'line one\nline "two"\t\\end',
);
