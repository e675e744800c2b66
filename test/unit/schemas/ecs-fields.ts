import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { parseJson } from '../../../src/json-parse.js';

interface FieldList {
  version: string;
  allowed: Record<string, string[]>;
  expectedTypes: Record<string, string[]>;
  required: string[];
  /** Type by name, followed by `[]` if the field is a list. */
  fields: Record<string, string>;
}

/** The fields that Elastic published; `about` in the file says where they are from, and how it was made. */
export const published = JSON.parse(
  readFileSync(new URL('../../fixtures/ecs-8.11.json', import.meta.url), 'utf8'),
) as FieldList;

/** The fields outside ECS, all in a namespace of their own. */
export const ownFields: Record<string, string> = {
  ...Object.fromEntries(
    ['collector', 'schema_version', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'server'].map((name) => [
      `trawl.${name}`,
      'keyword',
    ]),
  ),
  'trawl.timestamp': 'keyword',
  'trawl.extra': 'flattened',
  'trawl.unmapped': 'flattened',
};

const fields = new Map(Object.entries({ ...published.fields, ...ownFields }));

/** The leaves of a record by their names, a `flattened` field as one; lists are leaves. */
export function leavesOf(record: object): [string, unknown][] {
  const leaves: [string, unknown][] = [];
  const walk = (value: unknown, path: string): void => {
    const isInner = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isInner || fields.get(path) === 'flattened' || Object.keys(value).length === 0) leaves.push([path, value]);
    else for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`);
  };
  walk(record, '');
  return leaves;
}

/** The reasons why a record is not a valid ECS document, by ECS's own list and without the code under test. */
export function problemsOf(record: Readonly<Record<string, unknown>>): string[] {
  const leaves = leavesOf(record);
  const names = new Set(leaves.map(([name]) => name));
  const problems = published.required.filter((name) => !names.has(name)).map((name) => `${name} is missing`);
  for (const [name, value] of leaves) {
    const type = fields.get(name);
    if (type === undefined) problems.push(`${name} is not a field`);
    else problems.push(...problemsOfField(name, type, value));
  }
  problems.push(...problemsOfCategories(record.event as Record<string, string[] | undefined>));
  if (!isDeepStrictEqual(parseJson(JSON.stringify(record)), record)) problems.push('JSON does not read back the same');
  if (!JSON.stringify(record).isWellFormed() || /\\ud[89a-f]/.test(JSON.stringify(leaves.filter(isMapped))))
    problems.push('holds half a surrogate pair');
  return problems;
}

function isMapped([name]: [string, unknown]): boolean {
  return name !== 'event.original' && fields.get(name) !== 'flattened';
}

function problemsOfField(name: string, type: string, value: unknown): string[] {
  const isList = type.endsWith('[]');
  if (isList !== Array.isArray(value)) return [`${name} is ${isList ? 'not a list' : 'a list'}`];
  const values = isList ? (value as unknown[]) : [value];
  if (values.length === 0) return [`${name} is empty`];
  const scalar = type.replace('[]', '');
  const wrong = values
    .filter((each) => !isOfType(scalar, each))
    .map((each) => `${name} is not of type ${scalar}: ${each}`);
  const allowed = published.allowed[name];
  const foreign = values.filter((each) => allowed && !allowed.includes(each as string));
  const twice = new Set(values).size < values.length && name !== 'tags' ? [`${name} has a value twice`] : [];
  return [...wrong, ...foreign.map((each) => `${name} may not be ${each}`), ...twice];
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'keyword':
    case 'wildcard':
    case 'match_only_text':
      return typeof value === 'string' && value !== '';
    case 'ip':
      return typeof value === 'string' && (isIPv4(value) || (isIPv6(value) && !value.includes('%')));
    case 'long':
      return Number.isSafeInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return (
        typeof value === 'string' &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value) &&
        !Number.isNaN(Date.parse(value.replace(/(\.\d{3})\d+/, '$1')))
      );
    case 'flattened':
      return isFlattened(value, 1);
    default:
      return false;
  }
}

/** Elasticsearch's limits for `flattened`: 20 levels, no U+0000 in a key, and terms of up to 32,766 bytes. */
function isFlattened(value: unknown, level: number): boolean {
  if (typeof value !== 'object' || value === null) return level > 1;
  if (level > 20) return false;
  if (Array.isArray(value)) return value.every((each) => isFlattened(each, level + 1));
  return Object.entries(value).every(
    ([key, inner]) => !key.includes('\0') && Buffer.byteLength(key) <= 1_000 && isFlattened(inner, level + 1),
  );
}

/** Checks that each type has a category that expects it, and each category a type that it expects. */
function problemsOfCategories(event: Record<string, string[] | undefined>): string[] {
  const [category, type] = [[event.category ?? []].flat(), [event.type ?? []].flat()];
  const expected = (each: string): string[] => published.expectedTypes[each] ?? [];
  return [
    ...type.filter((each) => !category.some((of) => expected(of).includes(each))).map((each) => `no ${each} here`),
    ...category.filter((of) => !expected(of).some((each) => type.includes(each))).map((of) => `no type for ${of}`),
  ];
}
