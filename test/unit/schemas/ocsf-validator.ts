import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseJson } from '../../../src/json-parse.js';

type Captions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The published schema: test/fixtures/make-ocsf-schema.py says how the file was made. */
const published = JSON.parse(readFileSync(new URL('../../fixtures/ocsf-1.3.0.json', import.meta.url), 'utf8')) as {
  classes: Readonly<Record<string, Readonly<Record<string, object>>>>;
  captions: Readonly<Record<string, Captions>>;
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(published);

/**
 * A record's violations of OCSF 1.3.0, after a trip through JSON: required attributes, attributes that a class or an
 * object does not have, types, enumerations, at-least-one and just-one, and names that do not match their numbers.
 */
export function problemsOf(record: unknown): string[] {
  const event = parseJson(JSON.stringify(record)) as Record<string, unknown>;
  const uid = String(event.class_uid);
  const [profile = ''] = (event.metadata as { profiles?: string[] } | undefined)?.profiles ?? [];
  if (published.classes[uid]?.[profile] === undefined)
    return [`there is no class ${uid} with the profile "${profile}"`];
  const validate = ajv.getSchema(`ocsf-1.3.0#/classes/${uid}/${profile}`)!;
  const broken = validate(event)
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  return [...broken, ...misnamed(event, published.captions[uid]!)];
}

const names = {
  activity_id: 'activity_name',
  category_uid: 'category_name',
  class_uid: 'class_name',
  type_uid: 'type_name',
  severity_id: 'severity',
  status_id: 'status',
} as const;

function misnamed(event: Record<string, unknown>, captions: Captions): string[] {
  const problems = Object.entries(names).flatMap(([number, name]) => {
    const value = event[number];
    // The name of 99 is the source's own.
    if (value === undefined || (value === 99 && number !== 'type_uid')) return [];
    const caption = captions[number]![String(value)];
    return event[name] === caption ? [] : [`${name} is ${JSON.stringify(event[name])} and not ${caption} (${value})`];
  });
  const typeUid = Number(event.class_uid) * 100 + Number(event.activity_id);
  return event.type_uid === typeUid ? problems : [...problems, `type_uid is not ${typeUid}`];
}

interface Published {
  type?: string;
  $ref?: string;
  properties?: Record<string, Published>;
  items?: Published;
}

/** An attribute's type in JSON Schema's terms, through objects and lists; undefined if there is no such attribute. */
export function typeOf(uid: number, path: readonly string[]): string | undefined {
  const profiles = Object.values(published.classes[String(uid)]!) as Published[];
  const definitions = (published as unknown as { $defs: Record<string, Published> }).$defs;
  const resolved = (of: Published | undefined): Published | undefined => {
    if (of?.$ref !== undefined) return resolved(definitions[of.$ref.replace('#/$defs/', '')]);
    return of?.items ? resolved(of.items) : of;
  };
  for (const profile of profiles) {
    const found = path.reduce<Published | undefined>((of, name) => resolved(of?.properties?.[name]), profile);
    if (found) return found.type;
  }
  return undefined;
}
