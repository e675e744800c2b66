import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { processSettingDefinitions, readProcessSettings } from '../../src/cli/process-settings.js';
import { timeOption } from '../../src/cli/time-option.js';
import { TrawlError } from '../../src/errors.js';
import { checkTableRows, resolveCollector } from '../../src/settings/collector.js';
import { isRequired } from '../../src/settings/definition.js';
import { collectorNames } from '../../src/settings/names.js';
import { tableKeys } from '../../src/settings/table-keys.js';
import { temporalSettings } from '../../src/settings/through-temporal.js';
import { sources } from '../../src/sources/registry.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';

/** Anything that a person or a script can give as a value. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    '0',
    '-1',
    '1e9',
    'NaN',
    '1'.repeat(400),
    'true',
    '__proto__',
    '..',
    '/',
    'http://',
    'https://[',
    '*',
  ),
  fc.webUrl(),
);

/** Runs it; an error must be a TrawlError for a person to read. */
function valueOrError<T>(run: () => T): T | TrawlError {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TrawlError)) throw error;
    expect(error.hint).not.toBe('');
    return error;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'trawl-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('settings of any kind', () => {
  const names = sources.flatMap((source) => source.settings).flatMap(({ env }) => [env, `${env}_FILE`]);
  const keys = ['source', ...sources.flatMap((source) => [...tableKeys(source).keys()])];
  const environment = fc.dictionary(fc.constantFrom(...names), anyText);
  const rows = fc.dictionary(
    fc.oneof(fc.constantFrom(...keys), anyText),
    fc.oneof(fc.constantFrom('asa', 'skyflow'), anyText),
  );

  it('of a collector are accepted or refused with a clear message', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom('asa', 'descope', 'skyflow'), anyText),
        environment,
        rows,
        (name, env, own) => {
          const table = { [name]: own };
          collectorNames(sources, table, env);
          const settings = valueOrError(() => resolveCollector(name, sources, table, env));
          if (!(settings instanceof TrawlError)) {
            const source = sources.find(({ kind }) => kind === settings.source)!;
            for (const definition of source.settings)
              if (isRequired(definition)) expect(settings.values[definition.key]).toBeDefined();
          }
          for (const route of ['store', ...temporalSettings] as const)
            valueOrError(() => checkTableRows(name, own, {}, sources, route));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('that are secret never appear in messages', () => {
    const secrets = sources.flatMap((source) => source.settings).filter(({ secret }) => secret);
    const mark = fc.string({ minLength: 12, maxLength: 30 }).map((text) => `MARK${text}KRAM`);
    fc.assert(
      fc.property(environment, mark, (env, secret) => {
        const marked = { ...env, ...Object.fromEntries(secrets.map((definition) => [definition.env, secret])) };
        for (const { kind } of sources) {
          const outcome = valueOrError(() => resolveCollector(kind, sources, {}, marked));
          if (outcome instanceof TrawlError) expect(`${outcome.message} ${outcome.hint}`).not.toContain('MARK');
          expect(JSON.stringify(outcome)).not.toContain('MARK');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of a process are accepted or refused with a clear message', () => {
    const own = fc.constantFrom(...processSettingDefinitions.map(({ env }) => env), 'TRAWL_UNKNOWN');
    fc.assert(
      fc.property(fc.dictionary(own, anyText), (env) => {
        const settings = valueOrError(() => readProcessSettings(folder, env));
        if (settings instanceof TrawlError) expect(settings.code).toBe('SETTINGS_INVALID');
        else if ('TRAWL_UNKNOWN' in env) expect(env.TRAWL_UNKNOWN).toBe('');
      }),
      { numRuns: 1_000 },
    );
  });
});

it('a time is accepted or refused with a clear message', () => {
  const near = fc
    .tuple(fc.date({ noInvalidDate: true }), fc.constantFrom('', 'Z', 'z', '+00:00', '+99:99', '.123456789Z', 'T', ' '))
    .map(([date, tail]) => date.toISOString().slice(0, 19) + tail);
  fc.assert(
    fc.property(fc.oneof(near, anyText, fc.stringMatching(/^\d{1,8}[smhdwy]?$/)), (text) => {
      const time = valueOrError(() => timeOption('--since', text));
      if (time instanceof TrawlError) expect(time.message).toContain('--since');
      else expect(BigInt.asIntN(64, time!)).toBe(time);
    }),
    { numRuns: 2_000 },
  );
});

describe('a command line of any kind', () => {
  let stderr = '';
  const before = process.cwd();
  beforeEach(async () => {
    process.chdir(folder);
    vi.stubEnv('TRAWL_STORE', `sqlite:${join(folder, 'trawl.db')}`);
    await new SqliteStore(join(folder, 'trawl.db')).close();
    const write = (sink: (text: string) => void) =>
      ((text: string, ...rest: unknown[]) => {
        sink(String(text));
        (rest.at(-1) as (() => void) | undefined)?.();
        return true;
      }) as typeof process.stdout.write;
    vi.spyOn(process.stderr, 'write').mockImplementation(
      write((text) => {
        stderr += text;
      }),
    );
    vi.spyOn(process.stdout, 'write').mockImplementation(write(() => undefined));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    process.chdir(before);
  });

  it('that reads is carried out or refused with a clear message', async () => {
    const verbs = fc.constantFrom(
      ['events'],
      ['log'],
      ['status'],
      ['env', 'get'],
      ['env', 'unset'],
      ['env', 'set'],
      ['no-verb'],
      [],
    );
    const options = [
      '--format',
      '--since',
      '--until',
      '--type',
      '--actor',
      '--text',
      '--limit',
      '--json',
      '--help',
      '--x',
    ];
    const word = fc.oneof(fc.constantFrom(...options, 'csv', 'ndjson', 'asa', 'a=b', '5'), anyText);
    const args = fc.tuple(verbs, fc.array(word, { maxLength: 6 })).map(([verb, rest]) => [...verb, ...rest]);
    await fc.assert(
      fc.asyncProperty(
        args.filter((all) => !all.includes('--follow')),
        async (all) => {
          stderr = '';
          const code = await main(all);
          expect([0, 1, 2]).toContain(code);
          expect(stderr).not.toContain('unexpected');
          if (code !== 0) expect(stderr).not.toBe('');
        },
      ),
      { numRuns: 300 },
    );
  });
});
