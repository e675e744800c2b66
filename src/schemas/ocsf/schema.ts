import type { StoredEvent } from '../../domain.js';
import { isJsonObject } from '../../json-values.js';
import { epochNanoseconds, flooredTo } from '../../timestamp.js';
import { typeMappingOf } from '../event-types/registry.js';
import { outcomeOf, type TypeMapping } from '../event-types/table.js';
import type { Schema, SchemaRecord } from '../schema.js';
import { asa } from './asa.js';
import { builders } from './builders.js';
import { classOf, ocsfVersion, versionNames } from './classes.js';
import { descope } from './descope.js';
import type { Json } from './json.js';
import type { Facts, Mapping, Row, Status } from './mapping.js';
import { clean, Members, parseExactly } from './members.js';
import { type Objects, objects1, objects2 } from './objects.js';
import { observablesOf } from './observables.js';
import { skyflow } from './skyflow.js';
import { cleanText, cutAt, defined, textMax } from './values.js';

export const mappings: Readonly<Record<string, Mapping>> = { asa, descope, skyflow };

/** The differences between versions. */
interface Version {
  /** Version of the schema and number of the mapping. */
  name: string;
  objects: Objects;
  /** The row of an event of these types, and what the tables say of them since version 2. */
  find(source: string, mapping: Mapping, types: readonly string[]): Found;
  /** The record has `observables`. */
  observables: boolean;
}

interface Found {
  row: Row | undefined;
  type?: TypeMapping | undefined;
}

/** The first for OCSF 1.3.0. */
const version1: Version = {
  name: versionNames[1],
  objects: objects1,
  find: (_, mapping, types) => ({ row: rowOf(mapping, types) }),
  observables: false,
};

/** Types, and the outcomes in `status_id`, come from the tables that ECS has, too. */
const version2: Version = {
  name: versionNames[2],
  objects: objects2,
  find: (source, _, types) => {
    const type = typeMappingOf(source, types);
    return { row: type?.ocsf, type };
  },
  observables: true,
};

/** OCSF 1.3.0, oldest version first. docs/schemas.md has the tables, and documents the origin of each attribute. */
export const ocsfVersions: readonly Schema[] = [version1, version2].map(schemaOf);

function schemaOf(version: Version): Schema {
  return {
    name: 'ocsf',
    version: version.name,
    record(event, source): SchemaRecord {
      const mapping = Object.hasOwn(mappings, source) ? mappings[source]! : unknownSource(source);
      const { raw, value } = rawOf(event, mapping);
      const members = new Members(value);
      const found = version.find(source, mapping, [event.type, ...(mapping.alsoTypes?.(members) ?? [])]);
      const row = found.row ?? rowWithout(value);
      const facts = mapping.facts(event, members, version.objects);
      const record = recordOf({ event, raw, mapping, members, facts, row, version, type: found.type });
      return { record, known: found.row !== undefined };
    },
  };
}

/** For an event whose type is in no table. Without an object there are no members to derive an activity from. */
function rowWithout(value: unknown): Row {
  return { class: isJsonObject(value) ? 'apiActivity' : 'baseEvent', activity: 99 };
}

/** The row of the first type that has one, else the row of a family. */
export function rowOf({ rows, families }: Mapping, types: readonly string[]): Row | undefined {
  const own = types.find((type) => Object.hasOwn(rows, type));
  if (own !== undefined) return rows[own];
  return families.find((family) => types.some((type) => type.length <= 200 && family.types.test(type)))?.row;
}

interface Parts {
  event: StoredEvent;
  raw: string;
  mapping: Mapping;
  members: Members;
  facts: Facts;
  row: Row;
  version: Version;
  type: TypeMapping | undefined;
}

function recordOf(parts: Parts): Json {
  const { event, raw, mapping, members, facts, row, version, type } = parts;
  const operation = cleanText(event.type) || 'Unknown';
  const service = { name: mapping.product.name };
  const own = builders[row.class]({ facts, row, service, operation });
  const status = version === version1 ? statusOf1(facts, row) : statusOf(facts, type);
  const record: Json = {};
  put(record, classification(row, members, operation));
  put(record, severityOf(facts, status));
  record.time = milliseconds(event);
  record.message = messageOf(event);
  if (status) put(record, statusAttributes(status));
  record.metadata = metadataOf(parts, own.actor !== undefined);
  put(record, own);
  const rest = rawAndRest(event, raw, members, facts);
  if (version.observables) put(record, { observables: observablesOf(own, rest.unmapped) });
  put(record, rest);
  return record;
}

/** Used instead of spreading, which makes an object with this many members slow to serialize. */
function put(record: Json, attributes: Json): void {
  for (const name of Object.keys(attributes)) if (attributes[name] !== undefined) record[name] = attributes[name];
}

/**
 * The raw event in the form allowed in a record, and its value. If content must be left out, a non-JSON event is
 * dropped.
 */
function rawOf({ rawEvent }: StoredEvent, { rawData }: Mapping): { raw: string; value: unknown } {
  const wellFormed = rawEvent.toWellFormed();
  const value = parseExactly(wellFormed);
  if (!rawData) return { raw: wellFormed, value };
  if (value === undefined) return { raw: '', value };
  const raw = rawData(wellFormed);
  return { raw, value: raw === wellFormed ? value : parseExactly(raw) };
}

function classification(row: Row, members: Members, operation: string): Json {
  const { uid, name, category, activities } = classOf(row.class);
  const activity = activityOf(row, members);
  const caption = activities[activity] ?? 'Unknown';
  return {
    activity_id: activity,
    activity_name: activity === 99 ? (row.activityName ?? operation) : caption,
    category_uid: category.uid,
    category_name: category.name,
    class_uid: uid,
    class_name: name,
    type_uid: uid * 100 + activity,
    type_name: `${name}: ${caption}`,
  };
}

function activityOf({ activity, activityBy }: Row, members: Members): number {
  if (!activityBy) return activity;
  const value = members.text(activityBy.member);
  if (value === undefined) return activity;
  return Object.hasOwn(activityBy.values, value) ? activityBy.values[value]! : activity;
}

const severities = ['Unknown', 'Informational', 'Low', 'Medium', 'High', 'Critical', 'Fatal'];

/** Failures have low severity, unless the source says otherwise. */
function severityOf(facts: Facts, status: Status | undefined): Json {
  const id = Math.max(facts.severity?.() ?? 1, status?.id === 2 ? 2 : 1);
  return { severity_id: id, severity: severities[id] };
}

/** Version 1 has a status only if the type implies it or the event says it. */
function statusOf1(facts: Facts, row: Row): Status | undefined {
  const said = facts.status?.();
  if (row.status === undefined) return said;
  return { ...said, id: row.status === 'Success' ? 1 : 2 };
}

const outcomes = { success: 1, failure: 2, unknown: 0 } as const;

/** The outcome that ECS has, too; a word of the source that is neither success nor failure stays. */
function statusOf(facts: Facts, type: TypeMapping | undefined): Status {
  const said = facts.status?.();
  if (said?.id === 99) return said;
  const outcome = said?.id === 1 ? 'success' : said?.id === 2 ? 'failure' : undefined;
  return { ...said, id: outcomes[type ? outcomeOf(type, outcome) : (outcome ?? 'unknown')] };
}

const statuses: Readonly<Record<number, string>> = { 0: 'Unknown', 1: 'Success', 2: 'Failure' };

function statusAttributes(status: Status): Json {
  const { id, name, code, detail } = status;
  return { status_id: id, status: statuses[id] ?? name ?? 'Other', status_code: code, status_detail: detail };
}

/** Epoch milliseconds of the event, rounded down; those of its collection if its time cannot be parsed. */
function milliseconds({ timestamp, collectedAt }: StoredEvent): number {
  return millisecondsOf(timestamp) ?? millisecondsOf(collectedAt) ?? 0;
}

function millisecondsOf(text: string): number | undefined {
  const nanoseconds = epochNanoseconds(text);
  if (nanoseconds === null) return undefined;
  return Number(flooredTo(1_000_000n, nanoseconds));
}

/** `server.ssh_login by Ada Byron`. */
function messageOf({ type, actor }: StoredEvent): string {
  const who = actor.replace(/ \((?:status|type): [^()]*\)$/, '');
  return cleanText(who === '' ? type || 'Unknown' : `${type || 'Unknown'} by ${who}`);
}

function metadataOf({ event, mapping, facts, row, version }: Parts, withActor: boolean): Json {
  const profile = withActor ? classOf(row.class).actorOfProfile : undefined;
  return defined({
    version: ocsfVersion,
    product: mapping.product,
    uid: cleanText(event.id),
    event_code: cleanText(event.type) || undefined,
    original_time: cleanText(event.timestamp),
    logged_time: millisecondsOf(event.collectedAt),
    log_name: mapping.logName,
    log_provider: mapping.product.vendor_name,
    sequence: event.seq,
    labels: [`trawl.collector:${cleanText(event.collector)}`, `trawl.mapping:${version.name}`],
    profiles: profile && [profile],
    ...facts.metadata(),
  });
}

/**
 * The raw event and the unmapped members. The end of a raw event that is longer than OCSF allows goes to `unmapped`.
 */
function rawAndRest(event: StoredEvent, raw: string, members: Members, facts: Facts): Json {
  const end = raw.length <= textMax ? raw.length : cutAt(raw);
  const extra = event.extra === null ? undefined : clean(parseExactly(event.extra), 0);
  const unmapped = defined({
    ...facts.rest?.(),
    extra,
    raw_data_rest: end < raw.length ? raw.slice(end) : undefined,
  });
  // Not by assignment, which would lose a member called __proto__.
  const all = Object.fromEntries([...members.entries(), ...Object.entries(unmapped)]);
  return { raw_data: raw.slice(0, end), unmapped: Object.keys(all).length === 0 ? undefined : all };
}

/** For a source without mapping tables. */
function unknownSource(source: string): Mapping {
  const name = cleanText(source) || 'Unknown';
  return {
    product: { name, vendor_name: name },
    logName: 'audit',
    rows: {},
    families: [],
    facts: ({ actor, user, fromAddr }) => ({
      actor: () => named(actor),
      user: () => named(user),
      source: () => undefined,
      entity: () => undefined,
      metadata: () => ({}),
      rest: () => (fromAddr === '' ? {} : { from_addr: cleanText(fromAddr) }),
    }),
  };
}

function named(name: string): Json | undefined {
  return name === '' ? undefined : { name: cleanText(name) };
}
