import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectedName, isName, objectName } from '../../src/names.js';
import { files } from '../../src/sinks/files/sink.js';
import { s3 } from '../../src/sinks/s3/sink.js';
import type { OutgoingBatch } from '../../src/sinks/sink.js';
import { batchOf, event, open, refusal, settingsOf } from './sinks/support.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('.', '..', '/', '\\', '\0', 'a', '=', '%2e', ' '), { maxLength: 6 })
    .map((all) => all.join('')),
);

describe('the name of an object', () => {
  it('leads into the folder, or is refused', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (parts) => {
        let name: string;
        try {
          name = objectName(...parts);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INPUT_INVALID', retry: false });
          return;
        }
        expect(posix.join('/archive', name)).toBe(`/archive/${name}`);
        expect(name.split('/')).toEqual(parts);
        expect(name).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });

  it('accepts every name of a collector, a sink or a series', () => {
    for (const kind of ['collector', 'sink', 'series'] as const) {
      expect(expectedName(kind)).toMatch(/^up to \d+ lower-case letters/);
      fc.assert(
        fc.property(fc.stringMatching(/^[a-z0-9_.-]{1,70}$/), (name) => {
          if (isName(kind, name)) expect(objectName(`x=${name}`, `${name}-1.ndjson`)).toContain(name);
        }),
      );
    }
  });
});

describe('a batch of files', () => {
  const hostile = ['../../x', '../../../x', '/x', '/', 'a/b', 'a\\b', 'a\u0000', 'a\nb'];
  const changes = hostile.flatMap((name): Partial<OutgoingBatch>[] => [
    { name },
    { collector: name },
    { source: name },
  ]);

  it.each(changes)('is not written with %o', async (change) => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-names-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'a', 'b', 'archive');
    mkdirSync(path, { recursive: true });
    const form = { ...batchOf([]).form, format: 'ndjson' };
    const client = open(files, { PATH: path, COMPRESSION: 'none' });
    const error = await refusal(client.send(batchOf([event(1)], { form, ...change })));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', retry: false });
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['a', 'a/b', 'a/b/archive']);
  });
});

it.each(['../other', 'a/../b', './a', 'a/.', '/a', '..'])('the prefix %s of a bucket is refused', (prefix) => {
  const variables = { BUCKET: 'bucket', PREFIX: prefix };
  expect(() => settingsOf(s3, variables)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
});

it('the prefix of a bucket may have dots elsewhere', () => {
  expect(settingsOf(s3, { BUCKET: 'bucket', PREFIX: 'a/..b/c.d/' }).prefix).toBe('a/..b/c.d');
});
