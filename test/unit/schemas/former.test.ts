import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attributesOf } from '../../../src/schemas/ocsf/attributes.js';
import type { ClassName } from '../../../src/schemas/ocsf/classes.js';
import { newestSchema, schemaOf } from '../../../src/schemas/registry.js';
import { objectFiles } from '../../../src/sinks/objects.js';
import { records } from '../../../src/sinks/records.js';
import { batchOf, event } from '../sinks/support.js';
import { digestsOf } from './former-corpus.js';

/** Digests of the records of the former versions, recorded with the code of their time, by source and event type. */
const former = JSON.parse(
  readFileSync(new URL('../../fixtures/schemas/former.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, Record<string, string>>>;

describe('a former version of a schema', () => {
  it.each([
    ['ocsf', '1.3.0-1'],
    ['ecs', '8.11.0-1'],
  ])('%s %s gives the records of its time, byte by byte', (name, version) => {
    const schema = schemaOf(name, version)!;
    expect(newestSchema(name)).not.toBe(schema);
    for (const [source, digests] of Object.entries(former[`${name} ${version}`]!))
      expect(digestsOf(schema, source, Object.keys(digests))).toEqual(digests);
  });

  it('ocsf 1.3.0-1 has the columns of its time in Parquet', () => {
    const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 16);
    const columns = former['columns of ocsf 1.3.0-1'] as unknown as Record<string, string>;
    for (const [name, expected] of Object.entries(columns)) {
      const className = name === '' ? undefined : (name as ClassName);
      expect([name, digest(JSON.stringify(attributesOf(className, '1.3.0-1')))]).toEqual([name, expected]);
      expect(attributesOf(className)).toHaveProperty('observables');
    }
  });
});

it('a batch repeats in Parquet with the columns of the version that it was fixed with', async () => {
  const bytesOf = async (schemaVersion: string) => {
    const form = { schema: 'ocsf', schemaVersion, format: 'parquet', compression: 'none', layout: 'raw' };
    const files: Uint8Array[] = [];
    for await (const { bytes } of objectFiles(batchOf([event(1)], { form }), {})) files.push(bytes);
    return Buffer.concat(files);
  };
  // The names of the columns are in the footer, in plain text.
  expect((await bytesOf('1.3.0-1')).includes('observables')).toBe(false);
  expect((await bytesOf('1.3.0-2')).includes('observables')).toBe(true);
});

it('a version that this release lacks is never replaced by another one', () => {
  expect(schemaOf('ocsf', '1.3.0-99')).toBeUndefined();
  const form = { ...batchOf([]).form, schema: 'ocsf', schemaVersion: '1.3.0-99' };
  expect(() => records(batchOf([event(1)], { form }))).toThrow(
    expect.objectContaining({
      code: 'STORE_NEWER',
      retry: true,
      message: 'A batch is fixed in version "1.3.0-99" of ocsf, which this Trawl lacks.',
    }),
  );
});
