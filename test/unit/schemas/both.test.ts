import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../../src/domain.js';
import { typeTables } from '../../../src/schemas/event-types/registry.js';
import { newestSchema } from '../../../src/schemas/registry.js';
import { event } from '../sinks/support.js';
import { demoEvents } from './demo-events.js';
import { problemsOf as problemsOfEcs } from './ecs-fields.js';
import { problemsOf as problemsOfOcsf } from './ocsf-validator.js';

// biome-ignore lint/suspicious/noExplicitAny: a record is any JSON; its form is what is tested.
type Json = any;

const ocsf = newestSchema('ocsf')!;
const ecs = newestSchema('ecs')!;
const sources = Object.keys(typeTables);

/** A type of each family, by the text that its docs have for it. */
function samplesOf(source: string): string[] {
  return typeTables[source]!.families.flatMap(({ named }) => {
    const words = [...named.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
    if (source !== 'skyflow')
      return words.map((word) =>
        word
          .replaceAll('…', 'x.')
          .replace(/^x\.\./, 'preauthorization.')
          .replace(/\.x\.$/, '.x'),
      );
    const [actions, resources] = named
      .split(' of ')
      .map((part) => [...part.matchAll(/`([^`]+)`/g)].map(([, word]) => word!));
    return actions!.flatMap((action) =>
      (resources!.length > 0 ? resources! : ['ROLE']).map((each) => `${action}/${each}`),
    );
  });
}

function typed(type: string, members: object = {}): StoredEvent {
  const [, actionType, resourceType] = /^([A-Z]+)\/([A-Z_]+)$/.exec(type) ?? [];
  return event(1, {
    type,
    rawEvent: JSON.stringify({ request: { apiName: 'New.Api', actionType, resourceType }, ...members }),
  });
}

const outcomes: Readonly<Record<number, string>> = { 0: 'unknown', 1: 'success', 2: 'failure', 99: 'unknown' };

describe.each(sources)('the schemas of %s', (source) => {
  const rows = typeTables[source]!.rows.flatMap(({ of }) => of);
  const members: object[] = [
    {},
    { response: { code: 403, message: 'no' }, decision: 'deny', data: { error_message: 'no' } },
    { response: { code: 200 }, decision: 'allow', data: {} },
    { response: { code: 600 }, decision: 'step-up', data: { error_message: '' } },
    { response: { code: 16 }, decision: 7 },
    {
      ...{ actor: 'a', user: 'b', server: 's', group: 'g', project: 'p', from_address: '192.0.2.1:22' },
      ...{ userId: 'U', actorId: 'K', remoteAddress: '192.0.2.1', context: { actor: 'u', ipAddress: '192.0.2.1' } },
    },
  ];
  const typesOf = (each: object) =>
    [...rows, ...samplesOf(source), 'quite.unheard_of'].map((type) => typed(type, each));
  const all = [...demoEvents[source]!(200), ...members.flatMap(typesOf)].map((of) => ({
    of,
    one: ocsf.record(of, source),
    other: ecs.record(of, source),
  }));

  it('know the same types, and tell the same outcome of each event', () => {
    const differing = all.filter(({ one, other }) => {
      const { outcome, category, type } = (other.record as Json).event;
      const { status_id, class_uid } = one.record as Json;
      const sorted = class_uid === 0 || (category?.length > 0 && type?.length > 0);
      return outcomes[status_id] !== outcome || one.known !== other.known || !sorted;
    });
    expect(differing.map(({ of, one }) => [of.type, of.rawEvent, one.record.status_id])).toEqual([]);
  });

  it('have a family for what the docs say, and records of it that are valid', () => {
    for (const type of samplesOf(source)) {
      const of = typed(type, { actor: 'a', user: 'b' });
      const [one, other] = [ocsf.record(of, source), ecs.record(of, source)];
      expect([type, one.known, problemsOfOcsf(one.record), problemsOfEcs(other.record)]).toEqual([type, true, [], []]);
    }
  });

  it('have observables in each class, which lead to the values that they repeat', () => {
    const classes = new Map<number, number>();
    for (const { one } of all) {
      const record = one.record as Json;
      const observables: Json[] = record.observables ?? [];
      classes.set(record.class_uid, (classes.get(record.class_uid) ?? 0) + observables.length);
      const astray = observables.filter(({ name, value }) => String(valueAt(record, name)) !== value);
      expect(astray).toEqual([]);
      const places = [record.src_endpoint ?? {}, record.dst_endpoint ?? {}].flatMap(({ ip, hostname }) => [
        ip,
        hostname,
      ]);
      const values = observables.map(({ value }) => value);
      expect(places.filter((place) => place !== undefined && !values.includes(place))).toEqual([]);
    }
    expect([...classes].filter(([, count]) => count === 0)).toEqual([]);
  });
});

function valueAt(record: Json, path: string): unknown {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  return keys.reduce((value, key) => value?.[key], record);
}
