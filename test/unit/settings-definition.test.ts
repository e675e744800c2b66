import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../src/secret.js';
import { resolveCollector } from '../../src/settings/collector.js';
import { defineSettings, type ValuesOf } from '../../src/settings/definition.js';
import { baseUrlSchema, plainText, searchCountSetting, yesNoSetting } from '../../src/settings/kinds.js';
import { offloadSettings } from '../../src/settings/offload.js';
import { sinks } from '../../src/sinks/registry.js';
import { sources } from '../../src/sources/registry.js';

describe('the definitions of settings', () => {
  const all = sources.flatMap((source) => source.settings.map((setting) => ({ source: source.kind, setting })));

  it.each(all)('$source $setting.key: states its meaning and the expected value', ({ setting }) => {
    expect(setting.meaning).toMatch(/^[A-Z]/);
    expect(setting.expected).not.toBe('');
    expect(setting.env).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(setting.key).toMatch(/^[a-z][A-Za-z0-9]+$/);
  });

  it('give each source names and variables that differ', () => {
    for (const { settings } of sources) {
      expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length);
      expect(new Set(settings.map(({ env }) => env)).size).toBe(settings.length);
    }
  });

  it('have defaults that fit', () => {
    for (const { setting } of all) {
      if (setting.default !== undefined) expect(setting.schema.safeParse(setting.default).success).toBe(true);
    }
  });

  it('open to Temporal only what neither leaves events out nor sends them elsewhere', () => {
    const every = [
      ...all.map(({ setting }) => setting),
      ...offloadSettings,
      ...sinks.flatMap(({ settings }) => settings),
    ];
    const open = every.filter(({ throughTemporal }) => throughTemporal).map(({ key }) => key);
    expect([...new Set(open)].sort()).toEqual(['descopeOverlapMinutes', 'searchCount', 'skyflowOverlapMinutes']);
  });

  it('name the receiver of secrets wherever an address can be set', () => {
    for (const { settings } of [...sources, ...sinks]) {
      const addresses = settings.filter(({ address }) => address);
      if (settings.some(({ secret }) => secret)) expect(addresses.length).toBeGreaterThan(0);
      for (const { key, expected, address, guarded } of settings) {
        if (/\bURL\b/.test(expected) && !/console/.test(expected))
          expect([key, address === undefined]).toEqual([key, false]);
        if (address) expect([key, guarded]).toEqual([key, true]);
      }
    }
  });

  it('mark every filter, so that status shows it', () => {
    const only = all.filter(({ setting }) => /^Only |^All .* except/.test(setting.meaning));
    expect(only.length).toBeGreaterThan(30);
    for (const { setting } of only) expect([setting.key, setting.filter]).toEqual([setting.key, true]);
    expect(all.filter(({ setting }) => setting.filter).length).toBe(only.length);
  });

  it('have no default for a secret', () => {
    expect(all.filter(({ setting }) => setting.secret && setting.default !== undefined)).toEqual([]);
  });
});

describe('the values of settings', () => {
  const settings = defineSettings({
    needed: { env: 'NEEDED', meaning: 'M', expected: 'e', schema: plainText() },
    free: { env: 'FREE', meaning: 'M', expected: 'e', optional: true, schema: z.string().transform(Number) },
    either: { env: 'EITHER', meaning: 'M', expected: 'e', oneOf: 'EITHER and OTHER', schema: z.string() },
    other: { env: 'OTHER', meaning: 'M', expected: 'e', oneOf: 'EITHER and OTHER', secret: true, schema: z.string() },
    key: { env: 'KEY', meaning: 'M', expected: 'e', secret: true, schema: z.string() },
    word: { env: 'WORD', meaning: 'M', expected: 'e', default: 'a', schema: z.enum(['a', 'b']) },
    gzip: yesNoSetting({ env: 'GZIP', meaning: 'M' }, 'yes'),
    searchCount: searchCountSetting(10),
  });
  type Own = ValuesOf<typeof settings>;

  it('have the types of their definitions', () => {
    expectTypeOf<Own>().toEqualTypeOf<{
      readonly needed: string;
      readonly free?: number;
      readonly either?: string;
      readonly other?: Secret;
      readonly key: Secret;
      readonly word: 'a' | 'b';
      readonly gzip: boolean;
      readonly searchCount: number;
    }>();
  });

  it('match their types', () => {
    const env = { NEEDED: 'n', FREE: '7', EITHER: 'x', KEY: 'k', GZIP: 'no' };
    const { values } = resolveCollector('own', [{ kind: 'own', settings }], {}, env);
    expectTypeOf(values).toExtend<Own>();
    expect(values).toEqual({
      ...{ needed: 'n', free: 7, either: 'x', key: expect.any(Secret), word: 'a', gzip: false, searchCount: 10 },
      offloadWhen: 'after-run',
    });
  });
});

describe('searchCount', () => {
  it('accepts what the source allows', () => {
    const { schema, default: standard } = searchCountSetting(50);
    expect(standard).toBe('50');
    expect(schema.parse('50')).toBe(50);
    expect(schema.safeParse('51').success).toBe(false);
  });
});

describe('a base URL', () => {
  it.each([
    ['https://x.example', 'https://x.example'],
    ['https://x.example/', 'https://x.example'],
    ['https://x.example:8443/a/b//', 'https://x.example:8443/a/b'],
    ['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080/v1'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%s is kept as %s', (text, url) => {
    expect(baseUrlSchema.parse(text)).toBe(url);
  });

  it.each(['https://x.example/v1?', 'https://x.example/v1#', 'https://x.example/v1?a', 'https://a:b@x.example', 'x'])(
    '%s is refused',
    (text) => {
      expect(baseUrlSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe('plain text', () => {
  it('is of a bounded length and has no control characters', () => {
    expect(plainText(3).safeParse('abc').success).toBe(true);
    for (const text of ['', 'abcd', 'a\nb', 'a\u0000', 'a\u007f', '\u001b']) {
      expect(plainText(3).safeParse(text).success).toBe(false);
    }
  });
});
