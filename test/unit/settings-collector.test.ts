import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment, SettingsTable } from '../../src/environment.js';
import { sentence, TrawlError } from '../../src/errors.js';
import { Secret } from '../../src/secret.js';
import { checkTableRows, resolveCollector, resolveOffloading } from '../../src/settings/collector.js';
import { collectorNames } from '../../src/settings/names.js';
import { tableKeys } from '../../src/settings/table-keys.js';
import type { Route } from '../../src/settings/through-temporal.js';
import { asa } from '../../src/sources/asa/source.js';
import type { Source } from '../../src/sources/source.js';

const sources: readonly Source[] = [asa];
const secretText = 'c2VjcmV0LW9mLXRoZS1rZXk=';
const env: Environment = { ASA_TEAM: 'faulkner', ASA_KEY_ID: 'key-id', ASA_KEY_SECRET: secretText };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const resolve = (rows: Record<string, string>, environment: Environment = env, name = 'asa') =>
  resolveCollector(name, sources, { [name]: rows }, environment);

/** The error that `body` throws, which must have a message and no secret. */
function refused(body: () => unknown): TrawlError {
  let error: unknown;
  try {
    body();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TrawlError);
  const refusal = error as TrawlError;
  expect(refusal.retry).toBe(false);
  expect(refusal.hint).not.toBe('');
  expect(`${sentence(refusal)} ${inspect(refusal, { depth: 9 })}`).not.toContain(secretText);
  return refusal;
}

const revealed = (value: unknown) => (value as Secret).reveal();

describe('the settings of a collector', () => {
  it('come from the environment, then from defaults', () => {
    const settings = resolve({});
    expect(settings).toMatchObject({
      collector: 'asa',
      source: 'asa',
      values: {
        asaTeam: 'faulkner',
        asaKeyId: 'key-id',
        asaBaseUrl: 'https://app.scaleft.com/v1',
        searchCount: 1000,
      },
    });
    expect(revealed(settings.values.asaKeySecret)).toBe(secretText);
  });

  it('come from the table first, then from the environment, then from defaults', () => {
    const environment = { ...env, SEARCH_COUNT: '200' };
    expect(resolve({}, environment).values.searchCount).toBe(200);
    expect(resolve({ searchCount: '300' }, environment).values.searchCount).toBe(300);
    expect(resolve({ asaTeam: 'compson' }, environment).values.asaTeam).toBe('compson');
  });

  it('of one collector never come from the rows of another', () => {
    const table = { asa: { searchCount: '5' }, other: { source: 'asa', searchCount: '6' } };
    expect(resolveCollector('asa', sources, table, env).values.searchCount).toBe(5);
    expect(resolveCollector('other', sources, table, env)).toMatchObject({
      collector: 'other',
      source: 'asa',
      values: { searchCount: 6 },
    });
  });

  it('treat an empty variable as unset', () => {
    expect(resolve({}, { ...env, SEARCH_COUNT: '', ASA_BASE_URL: '' }).values).toMatchObject({
      searchCount: 1000,
      asaBaseUrl: 'https://app.scaleft.com/v1',
    });
    expect(refused(() => resolve({}, { ...env, ASA_TEAM: '' })).message).toContain('ASA_TEAM');
  });

  it('lose the slashes at the end of a base URL', () => {
    expect(resolve({}, { ...env, ASA_BASE_URL: 'https://asa.example/v1//' }).values.asaBaseUrl).toBe(
      'https://asa.example/v1',
    );
  });

  it('show no secret, however they are printed', () => {
    const settings = resolve({});
    expect(`${JSON.stringify(settings)} ${inspect(settings, { depth: 9, showHidden: true })}`).not.toContain(
      secretText,
    );
    expect(settings.values.asaKeySecret).toBeInstanceOf(Secret);
  });
});

describe('a secret', () => {
  it('can come from a file, without the line end', () => {
    const { ASA_KEY_SECRET: _, ...others } = env;
    const environment = { ...others, ASA_KEY_SECRET_FILE: file('env-secret', `${secretText}\n`) };
    expect(revealed(resolve({}, environment).values.asaKeySecret)).toBe(secretText);
  });

  it('can be pointed to from the table, by file or by variable, before the environment', () => {
    const path = file('row-secret', 'from-row-file\r\n');
    const environment = { ...env, TRAWL_SECRET_FOLDERS: folder, TRAWL_SECRET_OTHER: 'from-other-variable' };
    expect(revealed(resolve({ asaKeySecretFile: path }, environment).values.asaKeySecret)).toBe('from-row-file');
    expect(revealed(resolve({ asaKeySecretEnv: 'TRAWL_SECRET_OTHER' }, environment).values.asaKeySecret)).toBe(
      'from-other-variable',
    );
  });

  it('in the environment takes precedence over its file', () => {
    const environment = { ...env, ASA_KEY_SECRET_FILE: file('second', 'from-file') };
    expect(revealed(resolve({}, environment).values.asaKeySecret)).toBe(secretText);
  });

  it('whose pointer leads nowhere is not read from elsewhere', () => {
    const name = 'TRAWL_SECRET_OTHER';
    for (const other of [{}, { [name]: '' }])
      expect(refused(() => resolve({ asaKeySecretEnv: name }, { ...env, ...other })).message).toMatch(
        /asaKeySecretEnv names is not set/,
      );
    const gone = join(folder, 'gone');
    expect(
      refused(() => resolve({ asaKeySecretFile: gone }, { ...env, TRAWL_SECRET_FOLDERS: folder })).message,
    ).toMatch(/asaKeySecretFile .*ENOENT/);
    const { ASA_KEY_SECRET: _, ...others } = env;
    expect(refused(() => resolve({}, { ...others, ASA_KEY_SECRET_FILE: gone })).message).toContain(
      'ASA_KEY_SECRET_FILE',
    );
  });

  it('in an empty file counts as missing', () => {
    const path = file('empty', ' \n');
    const environment = { ...env, TRAWL_SECRET_FOLDERS: folder };
    expect(refused(() => resolve({ asaKeySecretFile: path }, environment)).message).toMatch(
      /asaKeySecretFile names must be/,
    );
  });

  it('that is invalid is named, but not shown', () => {
    const wrong = `${secretText}\nsecond line`;
    const error = refused(() => resolve({}, { ...env, ASA_KEY_SECRET: wrong }));
    expect(error.message).toContain('ASA_KEY_SECRET');
  });
});

describe('wrong settings', () => {
  it('are named all at once, each with what is expected', () => {
    const error = refused(() =>
      resolve({ searchCount: '5000', asaTeem: 'x' }, { ASA_BASE_URL: 'ftp://asa.example', ASA_KEY_ID: '' }),
    );
    expect(error.code).toBe('SETTINGS_INVALID');
    for (const part of [
      'searchCount must be a whole number from 1 to 1000',
      'asaTeem',
      'ASA_BASE_URL must be an http or https URL',
      'ASA_KEY_ID is missing',
      'ASA_TEAM is missing',
      'ASA_KEY_SECRET',
      'ASA_KEY_SECRET_FILE',
    ]) {
      expect(error.message).toContain(part);
    }
    expect(error.hint).toContain('trawl check asa');
  });

  it.each(['0', '1001', '-1', '1.5', '1e2', 'many', ' 7', '', '99999999999999999999'])(
    'searchCount %j',
    (searchCount) => {
      expect(refused(() => resolve({ searchCount })).message).toContain(
        'searchCount must be a whole number from 1 to 1000',
      );
    },
  );

  it.each(['1', '500', '1000'])('do not include searchCount %s', (searchCount) => {
    expect(resolve({ searchCount }).values.searchCount).toBe(Number(searchCount));
  });

  it.each(['a/b', 'a b', 'a?b', 'a#b', '', 'a\nb', `${'x'.repeat(1000)}`])('a team %j', (team) => {
    expect(refused(() => resolve({ asaTeam: team })).message).toContain('asaTeam must be');
  });

  it.each([
    'app.scaleft.com/v1',
    '/v1',
    'ftp://app.scaleft.com/v1',
    'file:///etc/passwd',
    'https://app.scaleft.com/v1?x=1',
    'https://app.scaleft.com/v1?',
    'https://app.scaleft.com/v1#x',
    'https://app.scaleft.com/v1#',
    'https://user@app.scaleft.com/v1',
    'https://',
  ])('a base URL %s', (url) => {
    expect(refused(() => resolve({}, { ...env, ASA_BASE_URL: url })).message).toContain('ASA_BASE_URL must be');
  });

  it('with a password are reported without it', () => {
    refused(() => resolve({}, { ...env, ASA_BASE_URL: `https://user:${secretText}@app.scaleft.com/v1` }));
  });

  it('that are very long are truncated in the message', () => {
    const error = refused(() => resolve({ searchCount: 'x'.repeat(100_000) }));
    expect(error.message.length).toBeLessThan(1_000);
  });
});

describe('a base URL in the table', () => {
  const elsewhere = { asaBaseUrl: 'https://elsewhere.example/v1' };

  it.each<[string, Environment]>([
    ['that is set', env],
    ['of a file', { ASA_TEAM: 't', ASA_KEY_ID: 'i', ASA_KEY_SECRET_FILE: '/run/secrets/asa' }],
    ['for a base URL of its own', { ...env, ASA_BASE_URL: 'https://own.example/v1' }],
  ])('does not get the secret of the environment %s', (_, environment) => {
    const error = refused(() => resolve(elsewhere, environment));
    expect(error.code).toBe('SETTINGS_INVALID');
    expect(error.message).toMatch(/asaBaseUrl.*ASA_KEY_SECRET/);
    expect(error.message).toMatch(/asaKeySecretFile.*asaKeySecretEnv/);
  });

  it('gets a secret that the table points to, if its host is allowed', () => {
    const rows = { ...elsewhere, asaKeySecretEnv: 'TRAWL_SECRET_ELSEWHERE' };
    const environment = { ...env, TRAWL_SECRET_ELSEWHERE: 'theirs', TRAWL_SECRET_HOSTS: '*.example' };
    const { values } = resolve(rows, environment);
    expect(values.asaBaseUrl).toBe('https://elsewhere.example/v1');
    expect(revealed(values.asaKeySecret)).toBe('theirs');
  });

  it('may equal the one in effect', () => {
    const standard = { asaBaseUrl: 'https://app.scaleft.com/v1/' };
    expect(resolve(standard).values.asaBaseUrl).toBe('https://app.scaleft.com/v1');
    expect(resolve(standard, { ...env, ASA_BASE_URL: '' }).values.asaBaseUrl).toBe('https://app.scaleft.com/v1');
    expect(resolve(elsewhere, { ...env, ASA_BASE_URL: 'https://elsewhere.example/v1/' }).values.asaBaseUrl).toBe(
      'https://elsewhere.example/v1',
    );
  });

  it('of another collector does not matter for this one', () => {
    const table: SettingsTable = { other: { source: 'asa', ...elsewhere } };
    expect(resolveCollector('asa', sources, table, env).values.asaBaseUrl).toBe('https://app.scaleft.com/v1');
    expect(refused(() => resolveCollector('other', sources, table, env)).message).toContain('asaBaseUrl');
  });
});

describe('the settings of offloading', () => {
  const own = (rows: Record<string, string>, environment: Environment = {}) =>
    resolveOffloading('asa', sources, { asa: rows }, environment);

  it('are read even if those of the source are wrong or its secrets gone', () => {
    const rows = { offload: 'archive, siem', retainDays: '30', asaKeySecretFile: '/gone', searchCount: 'many' };
    expect(own(rows)).toEqual({ offload: ['archive', 'siem'], offloadWhen: 'after-run', retainDays: 30 });
    expect(own({}, { OFFLOAD: 'archive', OFFLOAD_WHEN: 'own-schedule' })).toEqual({
      offload: ['archive'],
      offloadWhen: 'own-schedule',
    });
  });

  it('are refused if one of them is wrong, so that nothing is cleared by mistake', () => {
    expect(refused(() => own({ offload: 'archive', retainDays: 'soon' })).code).toBe('SETTINGS_INVALID');
    expect(refused(() => own({ retainDays: '30' })).message).toContain('retainDays needs a sink in offload');
    expect(refused(() => own({}, { OFFLOAD: '../x' })).message).toContain('OFFLOAD must be');
    expect(refused(() => resolveOffloading('other', sources, {}, env)).code).toBe('COLLECTOR_UNKNOWN');
  });
});

describe('the list of collectors', () => {
  it.each<[string, SettingsTable, Environment, string[]]>([
    ['nothing', {}, {}, []],
    ['includes a source with settings in the environment', {}, { ASA_TEAM: 't' }, ['asa']],
    ['includes a source with only a secret file in the environment', {}, { ASA_KEY_SECRET_FILE: '/x' }, ['asa']],
    [
      'excludes a source with only settings that have defaults',
      {},
      { SEARCH_COUNT: '5', ASA_BASE_URL: 'https://x.example' },
      [],
    ],
    ['excludes a source with only empty settings', {}, { ASA_TEAM: '' }, []],
    ['includes the collectors of the table', { b: { source: 'asa' }, a: { source: 'asa' } }, {}, ['a', 'b']],
    ['includes each collector once', { asa: { searchCount: '5' } }, { ASA_TEAM: 't' }, ['asa']],
    ['excludes a collector without rows', { gone: {} }, {}, []],
  ])('%s', (_, table, environment, names) => {
    expect(collectorNames(sources, table, environment)).toEqual(names);
  });

  it('is shown if a name is unknown', () => {
    const error = refused(() => resolveCollector('nobody', sources, { team2: { source: 'asa' } }, env));
    expect(error.code).toBe('COLLECTOR_UNKNOWN');
    expect(error.message).toMatch(/"nobody".*asa, team2/);
    expect(error.hint).toContain('trawl env set');
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('does not include %j', (name) => {
    expect(refused(() => resolveCollector(name, sources, {}, env)).code).toBe('COLLECTOR_UNKNOWN');
  });

  it('says which sources exist if one does not', () => {
    const error = refused(() => resolve({ source: 'splunk' }, env, 'mine'));
    expect(error.code).toBe('SETTINGS_INVALID');
    expect(sentence(error)).toMatch(/mine.*"splunk".*asa/);
  });
});

describe('rows for the table', () => {
  const check = (
    rows: Record<string, string>,
    route: Route = 'store',
    name = 'asa',
    stored: Record<string, string> = {},
  ) => checkTableRows(name, rows, stored, sources, route);

  it('are accepted if they are valid', () => {
    expect(() => check({ asaTeam: 't', searchCount: '500', asaBaseUrl: 'https://x.example/v1' })).not.toThrow();
    expect(() => check({ asaKeySecretFile: '/run/secrets/asa', asaKeySecretEnv: 'NAME' })).not.toThrow();
    expect(() => check({ source: 'asa', asaTeam: 't' }, 'store', 'second')).not.toThrow();
    expect(() => check({ asaTeam: 't' }, 'store', 'second', { source: 'asa' })).not.toThrow();
    expect(() => check({ asaTeam: 't', searchCount: '500' }, 'all')).not.toThrow();
  });

  it.each(['store', 'safe', 'all', 'off'] as const)(
    'with a secret are refused, with the right way to set it (by the route: %s)',
    (route) => {
      const error = refused(() => check({ searchCount: '5', asaKeySecret: secretText }, route));
      expect(error.code).toBe('SECRET_REFUSED');
      expect(error.message).toContain('asaKeySecret');
      for (const way of ['ASA_KEY_SECRET', 'ASA_KEY_SECRET_FILE', 'asaKeySecretFile', 'asaKeySecretEnv']) {
        expect(error.hint).toContain(way);
      }
      expect(/history.*replace/i.test(error.message)).toBe(route !== 'store');
    },
  );

  it.each(['asaBaseUrl', 'asaKeyId', 'asaKeySecretFile', 'asaKeySecretEnv'])(
    'through Temporal are refused with %s',
    (key) => {
      const value = key === 'asaBaseUrl' ? 'https://evil.example' : 'ANY';
      expect(() => check({ [key]: value }, 'store')).not.toThrow();
      const error = refused(() => check({ searchCount: '5', [key]: value }, 'all'));
      expect(error.code).toBe('SECRET_REFUSED');
      expect(error.message).toContain(key);
      expect(error.hint).toContain(`trawl env set asa ${key}=`);
    },
  );

  it('are open to Temporal only as far as the worker allows', () => {
    expect(() => check({ searchCount: '5' }, 'safe')).not.toThrow();
    for (const rows of [{ source: 'asa' }, { offload: 'theirs' }, { retainDays: '1' }, { asaTeam: 't' }]) {
      const [key] = Object.keys(rows);
      expect(() => check(rows, 'all')).not.toThrow();
      const error = refused(() => check({ searchCount: '5', ...rows }, 'safe'));
      expect(error.code).toBe('NOT_THROUGH_TEMPORAL');
      expect(error.message).toMatch(
        new RegExp(`TRAWL_TEMPORAL_SETTINGS=safe allows searchCount through .* not ${key}\\.`),
      );
      expect(error.hint).toContain(`trawl env set asa ${key}=VALUE`);
    }
    expect(refused(() => check({ searchCount: '5' }, 'off')).message).toContain('allows no setting');
  });

  it('are refused all at once, each problem named', () => {
    const error = refused(() => check({ searchCount: '0', asaTeem: 'x', asaTeam: 'a/b', asaKeySecretEnv: '' }));
    expect(error.code).toBe('SETTINGS_INVALID');
    for (const key of ['searchCount', 'asaTeem', 'asaTeam', 'asaKeySecretEnv']) expect(error.message).toContain(key);
    expect(error.message).toContain('a whole number from 1 to 1000');
  });

  it.each(['__proto__', 'constructor', 'ASA_TEAM', 'asateam', ''])('are refused with the unknown name %j', (key) => {
    const rows = Object.fromEntries([[key, 'x']]);
    expect(refused(() => check(rows)).message).toContain(JSON.stringify(key));
  });

  it('do not show the value of an unknown name, which may be a misspelt secret', () => {
    refused(() => check({ asaKeysecret: secretText }));
  });

  it.each(['', 'Upper', 'a b', '../x', '-a', '.a', 'a/b', 'é', 'a\n', 'x'.repeat(64), '__proto__'])(
    'are refused for a collector named %j',
    (name) => {
      const error = refused(() => check({ source: 'asa', searchCount: '5' }, 'store', name));
      expect(error.code).toBe('SETTINGS_INVALID');
      expect(error.message).toContain('name of a collector');
    },
  );

  it.each(['a', 'team-2', 'eu.prod_1', '0', 'x'.repeat(63)])('are accepted for a collector named %s', (name) => {
    expect(() => check({ source: 'asa', searchCount: '5' }, 'store', name)).not.toThrow();
  });

  it('are refused for a source that does not exist or is missing', () => {
    expect(refused(() => check({ source: 'splunk' }, 'store', 'mine')).message).toContain('"splunk"');
    expect(refused(() => check({ searchCount: '5' }, 'store', 'mine')).hint).toContain('source=');
  });
});

describe('the names of the table', () => {
  it('are the settings, with pointers only for secrets', () => {
    expect([...tableKeys(asa).keys()].sort()).toEqual(
      [
        'asaTeam',
        'asaKeyId',
        'asaKeySecret',
        'asaKeySecretFile',
        'asaKeySecretEnv',
        'asaBaseUrl',
        'searchCount',
      ].sort(),
    );
  });
});

describe('the names of settings in a hint', () => {
  const hint = 'Check ASA_KEY_ID, ASA_KEY_SECRET and SKYFLOW_FILTER_…, and NOT_A_SETTING.';

  it('are those by which the collector was set up', () => {
    expect(resolve({}).asSet(hint)).toBe(hint);
    const ownFile = file('own-secret', secretText);
    const inFile = { ...env, ASA_KEY_SECRET: '', ASA_KEY_SECRET_FILE: ownFile };
    expect(resolve({}, inFile).asSet(hint)).toContain('Check ASA_KEY_ID, ASA_KEY_SECRET_FILE and');
    const rows = { asaKeyId: '3b7c1f0e-52d4-4a86-9d0f-6c1f2a7e9b34', asaKeySecretEnv: 'TRAWL_SECRET_PROD' };
    const { asSet } = resolve(rows, { ...env, TRAWL_SECRET_PROD: secretText });
    expect(asSet(hint)).toBe(
      'Check asaKeyId in the table, asaKeySecretEnv in the table and SKYFLOW_FILTER_…, and NOT_A_SETTING.',
    );
  });
});
