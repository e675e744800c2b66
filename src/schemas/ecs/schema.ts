import type { StoredEvent } from '../../domain.js';
import { epochNanoseconds, utcText } from '../../timestamp.js';
import type { Schema, SchemaRecord } from '../schema.js';
import { describeAsa } from './asa.js';
import { describeDescope } from './descope.js';
import { type Description, type Fields, ipOf, some, type User } from './fields.js';
import { Members, parsed } from './members.js';
import { describeSkyflow } from './skyflow.js';

/** Version of the field list that the records follow. */
const ecsVersion = '8.11.0';
/** Version of the mapping tables. */
const tablesVersion = '1';

interface DescribedSource {
  module: string;
  provider: string;
  describe: (event: StoredEvent) => Description;
}

const sources = new Map<string, DescribedSource>([
  ['asa', { module: 'okta_asa', provider: 'Okta Advanced Server Access', describe: describeAsa }],
  ['descope', { module: 'descope', provider: 'Descope', describe: describeDescope }],
  ['skyflow', { module: 'skyflow', provider: 'Skyflow', describe: describeSkyflow }],
]);

/** Elastic Common Schema. docs/schemas.md documents the origin of each field. */
export const ecs: Schema = {
  name: 'ecs',
  version: `${ecsVersion}-${tablesVersion}`,
  record(event, source) {
    const described = sources.get(source);
    const { module, provider, describe } = described ?? { module: source, provider: source, describe: describeOther };
    return recordOf(event, describe(event), { module, provider });
  },
};

/** For a source without a mapping table. */
function describeOther(event: StoredEvent): Description {
  return { mapping: undefined, unmapped: new Members(parsed(event.rawEvent)).rest() };
}

function recordOf(
  event: StoredEvent,
  description: Description,
  { module, provider }: { module: string; provider: string },
): SchemaRecord {
  const { mapping } = description;
  const fields = fieldSets(description);
  const at = momentOf(event.timestamp) ?? momentOf(event.collectedAt);
  const record = some({
    '@timestamp': at ?? '1970-01-01T00:00:00Z',
    ecs: { version: ecsVersion },
    message: messageOf(event, description),
    event: some({
      kind: 'event',
      category: mapping?.category,
      type: mapping && (description.type ?? mapping.type),
      action: plain(event.type),
      outcome: description.outcome ?? mapping?.outcome ?? 'unknown',
      reason: description.reason,
      id: plain(event.id),
      module: plain(module),
      dataset: plain(`${module}.audit`),
      provider: plain(provider),
      created: momentOf(event.collectedAt),
      sequence: Number.isSafeInteger(event.seq) ? event.seq : undefined,
      original: plain(event.rawEvent),
    }),
    ...fields,
    related: relatedOf(description),
    trawl: some({
      collector: plain(event.collector),
      schema_version: ecs.version,
      timestamp: at === event.timestamp ? undefined : plain(event.timestamp),
      actor: plain(event.actor),
      user: plain(event.user),
      client: plain(event.client),
      gateway: plain(event.gateway),
      group: plain(event.group),
      project: plain(event.project),
      server: plain(event.server),
      extra: event.extra === null ? undefined : new Members(parsed(event.extra)).rest(),
      unmapped: description.unmapped,
    }),
  });
  return { record: record!, known: mapping !== undefined };
}

function fieldSets(description: Description): Fields {
  const { user, target, effective, group, host, source, client, organization, others } = description;
  return {
    user: some({ ...user, target: target && some({ ...target }), effective: effective && some({ ...effective }) }),
    group: group && some({ ...group }),
    host: host && hostOf(host),
    source: source && endpointOf(source.address, { domain: source.domain, geo: geoOf(source.countryCode) }),
    client: client && endpointOf(client.address, {}),
    organization: organization && some({ ...organization }),
    ...others,
  };
}

const osTypes = new Set(['linux', 'macos', 'unix', 'windows', 'ios', 'android']);

function hostOf({ id, name, address, os, osType }: NonNullable<Description['host']>): Fields | undefined {
  const ip = ipOf(address);
  const type = osType !== undefined && osTypes.has(osType) ? osType : undefined;
  return some({ id, name, hostname: name, ip: ip && [ip], os: some({ full: os, type }) });
}

function endpointOf(address: string | undefined, more: Fields): Fields | undefined {
  return some({ address, ip: ipOf(address), ...more });
}

function geoOf(countryCode: string | undefined): Fields | undefined {
  return countryCode === undefined ? undefined : { country_iso_code: countryCode };
}

/** Names, ids and addresses for finding a person or an address, whatever its role in the event. */
function relatedOf(description: Description): Fields | undefined {
  const { user, target, effective, host, source, client, relatedUsers = [] } = description;
  const ofUser = (each: User | undefined) => [each?.id, each?.name, each?.email];
  return some({
    user: distinct([...ofUser(user), ...ofUser(target), ...ofUser(effective), ...relatedUsers]),
    ip: distinct([ipOf(source?.address), ipOf(client?.address), ipOf(host?.address)]),
    hosts: distinct([host?.name, source?.domain]),
  });
}

function distinct(values: readonly (string | undefined)[]): string[] | undefined {
  const all = [...new Set(values.filter((value) => value !== undefined))];
  return all.length === 0 ? undefined : all;
}

/** For example `group.add_user by ada for grace on web-001 from 192.0.2.1`. */
function messageOf(event: StoredEvent, { user, target, host, source }: Description): string {
  const parts: [string, string | undefined][] = [
    ['by', user?.name ?? user?.id],
    ['for', target?.name ?? target?.id],
    ['on', host?.name],
    ['from', source?.address],
  ];
  const present = parts.filter(([, value]) => value !== undefined).map(([word, value]) => `${word} ${cut(value!)}`);
  return [cut(event.type) || 'event', ...present].join(' ');
}

function cut(text: string): string {
  return text.slice(0, 200).toWellFormed();
}

function plain(text: string): string | undefined {
  return text === '' ? undefined : text.toWellFormed();
}

const takenAsItIs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * The source's own text if Elasticsearch can read it to the nanosecond, else the same time in UTC. Undefined if the
 * text is not an RFC 3339 time.
 */
function momentOf(text: string): string | undefined {
  const ns = epochNanoseconds(text);
  if (ns === null) return undefined;
  if (takenAsItIs.test(text)) return text;
  return utcText(ns, 9);
}
