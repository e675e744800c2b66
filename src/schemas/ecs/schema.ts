import type { StoredEvent } from '../../domain.js';
import { epochNanoseconds, utcText } from '../../timestamp.js';
import type { Schema, SchemaRecord } from '../schema.js';
import { describeAsa } from './asa.js';
import { describeDescope } from './descope.js';
import { type Description, type Fields, some } from './fields.js';
import type { Version } from './mapping.js';
import { Members, parsed } from './members.js';
import type { Categorisation, Rules } from './rules.js';
import { describeSkyflow } from './skyflow.js';
import { version1 } from './version-1.js';
import { version2 } from './version-2.js';

/** Version of the field list that the records follow. */
const ecsVersion = '8.11.0';

interface DescribedSource {
  module: string;
  provider: string;
  describe: (event: StoredEvent, version: Version) => Description;
}

const sources = new Map<string, DescribedSource>([
  ['asa', { module: 'okta_asa', provider: 'Okta Advanced Server Access', describe: describeAsa }],
  ['descope', { module: 'descope', provider: 'Descope', describe: describeDescope }],
  ['skyflow', { module: 'skyflow', provider: 'Skyflow', describe: describeSkyflow }],
]);

/** Elastic Common Schema, oldest version first. docs/schemas.md documents the origin of each field. */
export const ecsVersions: readonly Schema[] = [version1, version2].map((rules) => ({
  name: 'ecs',
  version: nameOf(rules),
  record(event, source) {
    const described = sources.get(source);
    const { module, provider, describe } = described ?? { module: source, provider: source, describe: describeOther };
    const description = describe(event, rules.version);
    const categorisation = rules.categorise(source, description);
    const adjusted = rules.adjusted(description, categorisation);
    return recordOf(event, adjusted, { module, provider, rules, categorisation });
  },
}));

function nameOf({ version }: Rules): string {
  return `${ecsVersion}-${version}`;
}

/** For a source without a mapping table. */
function describeOther(event: StoredEvent): Description {
  return { types: [], unmapped: new Members(parsed(event.rawEvent)).rest() };
}

interface Context {
  module: string;
  provider: string;
  rules: Rules;
  categorisation: Categorisation;
}

function recordOf(event: StoredEvent, description: Description, context: Context): SchemaRecord {
  const { module, provider, rules } = context;
  const { category, type, outcome, known } = context.categorisation;
  const fields = fieldSets(description, rules);
  const at = momentOf(event.timestamp) ?? momentOf(event.collectedAt);
  const record = some({
    '@timestamp': at ?? '1970-01-01T00:00:00Z',
    ecs: { version: ecsVersion },
    message: messageOf(event, description),
    event: some({
      kind: 'event',
      category,
      type,
      action: plain(event.type),
      outcome,
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
    related: rules.relatedOf(description),
    trawl: some({
      collector: plain(event.collector),
      schema_version: nameOf(rules),
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
  return { record: record!, known };
}

function fieldSets(description: Description, rules: Rules): Fields {
  const { user, target, effective, group, host, source, client, organization, others } = description;
  return {
    user: some({ ...user, target: target && some({ ...target }), effective: effective && some({ ...effective }) }),
    group: group && some({ ...group }),
    host: host && hostOf(host, rules),
    source:
      source && some({ ...rules.endpointOf(source.address), domain: source.domain, geo: geoOf(source.countryCode) }),
    client: client && some(rules.endpointOf(client.address)),
    organization: organization && some({ ...organization }),
    ...others,
  };
}

const osTypes = new Set(['linux', 'macos', 'unix', 'windows', 'ios', 'android']);

function hostOf(host: NonNullable<Description['host']>, rules: Rules): Fields | undefined {
  const { id, name, address, os, osType } = host;
  const ip = rules.ipOf(address);
  const type = osType !== undefined && osTypes.has(osType) ? osType : undefined;
  return some({ id, name, hostname: name, ip: ip && [ip], os: some({ full: os, type }) });
}

function geoOf(countryCode: string | undefined): Fields | undefined {
  return countryCode === undefined ? undefined : { country_iso_code: countryCode };
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
