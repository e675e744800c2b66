import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { commands } from '../../src/cli/commands/program.js';
import { restoreSignals } from '../../src/cli/interrupt.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { called, inOwnFolder } from './support/called.js';

let folder = '';

/** The data of one's own, in an empty folder without a `.env`, with the settings of a team in the environment. */
beforeEach(() => {
  folder = inOwnFolder();
  vi.stubEnv('TRAWL_DATA', folder);
  vi.stubEnv('ASA_TEAM', 'acme');
});

async function storeOf(fill: (store: SqliteStore) => Promise<void> = async () => undefined): Promise<void> {
  const store = new SqliteStore(join(folder, 'trawl.db'));
  await fill(store);
  await store.close();
}

async function json(...args: string[]) {
  const { code, stdout } = await called(...args, '--json');
  return { code, ...(JSON.parse(stdout) as Record<string, never>) } as Record<string, unknown>;
}

describe('a name that no collector has', () => {
  /** Verbs for collectors that exist, and how each is called. `env set` creates one; `completion` and `demo` take other names. */
  const calls: Readonly<Record<string, string[]>> = {
    collect: ['collect', 'aas'],
    start: ['start', 'aas'],
    stop: ['stop', 'aas'],
    offload: ['offload', 'aas'],
    status: ['status', 'aas'],
    log: ['log', 'aas'],
    events: ['events', 'aas'],
    check: ['check', 'aas'],
    'env get': ['env', 'get', 'aas'],
    'env unset': ['env', 'unset', 'aas', 'searchCount'],
    rejected: ['rejected', 'aas'],
    verify: ['verify', 'aas'],
    'proof continue': ['proof', 'continue', 'aas'],
    reset: ['reset', 'aas'],
    clear: ['clear', 'aas', '--yes'],
    erase: ['erase', 'aas', '--seq', '1', '--reason', 'x', '--yes'],
    remove: ['remove', 'aas', '--yes'],
  };
  const takesName = (command: Command) =>
    command.registeredArguments.some((argument) => ['name', 'names'].includes(argument.name()));

  it('is asked of every verb that takes one', async () => {
    const named = (command: Command, prefix = ''): string[] =>
      command.commands.flatMap((one) => [
        ...(takesName(one) ? [`${prefix}${one.name()}`] : []),
        ...named(one, `${prefix}${one.name()} `),
      ]);
    const all = named(await commands(() => undefined)).filter((verb) => verb !== 'env set');
    expect(Object.keys(calls).sort()).toEqual(all.sort());
  });

  it.each(Object.entries(calls))('is refused, with the one that was probably meant: %s', async (_, args) => {
    await storeOf();
    // Nobody listens there: the name is judged before the server is asked. Only `stop` asks the server, too: it may run
    // a collector that is not set up any more.
    if (args[0] !== 'stop') vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
    const { code, stdout, stderr } = await called(...args);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/no collector "aas" \(did you mean asa\?\)[^\n]*\[COLLECTOR_UNKNOWN\]/);
  });

  it('is refused for a sink, too', async () => {
    await storeOf((store) => store.setSettings('sink:archive', { kind: 'files', path: '/x' }, []));
    const { code, stderr } = await called('env', 'get', 'sink:archve');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('Unknown sink "archve" (did you mean archive?)'),
    });
    expect(await json('env', 'get', 'sink:archive')).toMatchObject({ 'sink:archive': { kind: 'files' } });
  });
});

describe('trawl status NAME', () => {
  it('is about these collectors alone', async () => {
    vi.stubEnv('DESCOPE_PROJECT_ID', 'P2');
    await storeOf();
    const { collectors } = await json('status', 'asa');
    expect(collectors).toMatchObject([{ collector: 'asa' }]);
    expect((await json('status')).collectors).toHaveLength(2);
  });
});

describe('trawl log', () => {
  const log = async (...args: string[]) =>
    (JSON.parse((await called('log', ...args, '--json')).stdout) as { notes: string }[]).map(({ notes }) => notes);

  it('shows a range of time, and all of it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-05-01T12:00:00Z') });
    onTestFinished(() => void vi.useRealTimers());
    await storeOf(async (store) => {
      for (let at = 0; at < 60; at += 1) {
        await store.logFailedRun('asa', `run ${at}`, `key ${at}`);
        vi.setSystemTime(Date.now() + 60_000);
      }
    });
    expect(await log()).toHaveLength(50);
    expect(await log('--since', '1h')).toHaveLength(60);
    expect(await log('--since', '1h', '--limit', '1')).toEqual(['Run failed: run 59']);
    expect(await log('--since', '2026-05-01T12:02:00Z', '--until', '2026-05-01 12:04:00Z')).toEqual([
      'Run failed: run 2',
      'Run failed: run 3',
    ]);
    // Copied from the table.
    const { stdout } = await called('log', '--limit', '1');
    const [, time = ''] = /\n(\S+)/.exec(stdout) ?? [];
    expect(await log('--since', time)).toEqual(['Run failed: run 59']);
  });

  it('follows: each line once, also one that is committed late', async () => {
    const store = new SqliteStore(join(folder, 'trawl.db'));
    onTestFinished(() => store.close());
    await store.logFailedRun('asa', 'old', 'key 0');
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    onTestFinished(() => {
      write.mockRestore();
      restoreSignals();
    });
    const { log: verb } = await import('../../src/cli/verbs/log.js');
    const hidden = (await store.executionLog({ limit: 10 }))[0]!;
    const late = { ...hidden, line: 1, notes: 'late' };
    let looks = 0;
    const executionLog: SqliteStore['executionLog'] = async ({ limit }) => {
      looks += 1;
      const all = [
        { ...hidden, line: 3, notes: 'three' },
        { ...hidden, line: 2, notes: 'two' },
      ];
      if (looks > 2) all.push(late);
      if (looks > 3) all.unshift({ ...hidden, line: 4, notes: 'four' });
      if (looks === 6) process.emit('SIGINT');
      return all.slice(0, limit);
    };
    const context = { existingStore: async () => ({ executionLog }), requireOwner: async () => undefined };
    expect(await verb(context as never, undefined, { follow: true, json: true })).toBe(0);
    expect(lines.map((line) => JSON.parse(line).notes)).toEqual(['two', 'three', 'late', 'four']);
  });
});

describe('trawl check', () => {
  it('without a name checks every collector, and says whose each line is', async () => {
    vi.stubEnv('SKYFLOW_ACCOUNT_ID', 'a');
    await storeOf();
    const { stdout } = await called('check', '--json');
    const lines = JSON.parse(stdout) as { collector?: string; check: string }[];
    const settings = lines.filter(({ check }) => check === 'settings');
    expect(settings.map(({ collector }) => collector)).toEqual(['asa', 'skyflow']);
    expect(lines.filter(({ check }) => check === 'Temporal')).toHaveLength(1);
    expect((await called('check')).stdout).toMatch(/FAILED +skyflow: settings/);
  });

  it('says that there is none', async () => {
    vi.stubEnv('ASA_TEAM', '');
    expect(await called('check')).toMatchObject({ code: 1, stdout: expect.stringContaining('No collector is set up') });
  });
});

describe('--json', () => {
  it('tells what reset, clear, env set and env unset did', async () => {
    await storeOf();
    expect(await json('reset', 'asa')).toEqual({ code: 0, collector: 'asa', reset: true, to: 'beginning' });
    expect(await json('reset', 'asa', '--rejected')).toEqual({ code: 0, collector: 'asa', reset: false, to: null });
    expect(await json('clear', 'asa', '--yes')).toEqual({ code: 0, collector: 'asa', cleared: 0 });
    const set = { code: 0, name: 'asa', set: ['searchCount'], problems: [] };
    expect(await json('env', 'set', 'asa', 'searchCount=500')).toEqual(set);
    expect(await json('env', 'unset', 'asa', 'searchCount')).toEqual({ code: 0, name: 'asa', unset: ['searchCount'] });
  });

  it('has every time with its zone', async () => {
    await storeOf(async (store) => {
      await store.logFailedRun('asa', 'x', 'key');
      await store.expectRuns('asa', { cron: '*/5 * * * *', tick: null });
    });
    for (const args of [['log'], ['status'], ['rejected', 'asa']]) {
      const { stdout } = await called(...args, '--json');
      const times = stdout.match(/"\d{4}-\d\d-\d\d[T ][^"]*"/g) ?? [];
      for (const time of times) expect(time).toMatch(/(Z|[+-]\d\d:\d\d)"$/);
    }
  });
});

describe('trawl env get --effective', () => {
  it('shows each setting in force and where it comes from, but no secret', async () => {
    writeFileSync(join(folder, '.env'), 'ASA_KEY_ID=from-file\nASA_TEAM=hidden-by-the-environment\n');
    vi.stubEnv('ASA_KEY_SECRET', 'hunter2');
    await storeOf((store) => store.setSettings('asa', { searchCount: '500' }, []));
    const { asa } = (await json('env', 'get', 'asa', '--effective')) as { asa: { setting: string }[] };
    const of = (name: string) => asa.find(({ setting }) => setting === name);
    expect(of('source')).toMatchObject({ value: 'asa', origin: 'name' });
    expect(of('asaTeam')).toMatchObject({ value: 'acme', origin: 'environment', from: 'ASA_TEAM' });
    expect(of('asaKeyId')).toMatchObject({ value: 'from-file', origin: '.env', from: 'ASA_KEY_ID' });
    expect(of('asaKeySecret')).toMatchObject({ value: null, hidden: true, origin: 'environment' });
    expect(of('searchCount')).toMatchObject({ value: '500', origin: 'table', from: 'searchCount' });
    expect(of('asaBaseUrl')).toMatchObject({ value: 'https://app.scaleft.com/v1', origin: 'default', from: null });
    expect(of('offload')).toMatchObject({ value: null, origin: 'not set' });
    const { stdout } = await called('env', 'get', '--effective');
    expect(stdout).toMatch(/asa +asaKeySecret +\(hidden\) +environment \(ASA_KEY_SECRET\)/);
    expect(stdout).not.toContain('hunter2');
  });

  it('says where a secret is, unless that may be the secret itself, and shows of a URL what is no secret', async () => {
    await storeOf(async (store) => {
      await store.setSettings('asa', { asaKeySecretFile: '/run/secrets/asa' }, []);
      await store.setSettings('acme', { source: 'asa', asaKeySecretFile: 'hunter2', asaKeySecret: 'hunter2' }, []);
      await store.setSettings('sink:hook', { kind: 'webhook', url: 'https://hooks.example/T0/hunter2' }, []);
    });
    const { stdout } = await called('env', 'get', '--effective');
    expect(stdout).toMatch(/asa +asaKeySecret +\(hidden\) +table \(asaKeySecretFile\): \/run\/secrets\/asa/);
    expect(stdout).toMatch(/acme +source +asa +table/);
    expect(stdout).toMatch(/sink:hook +url +https:\/\/hooks\.example\/… +table/);
    expect(stdout).not.toContain('hunter2');
  });

  it('has of settings that exclude each other the one of the table', async () => {
    vi.stubEnv('SKYFLOW_API_KEY', 'x');
    await storeOf((store) => store.setSettings('skyflow', { skyflowCredentialsFile: '/run/secrets/sky' }, []));
    const { skyflow } = (await json('env', 'get', 'skyflow', '--effective')) as { skyflow: { setting: string }[] };
    expect(skyflow.find(({ setting }) => setting === 'skyflowApiKey')).toMatchObject({ origin: 'not set' });
    expect(skyflow.find(({ setting }) => setting === 'skyflowCredentials')).toMatchObject({ origin: 'table' });
  });
});

describe('completion', () => {
  const offered = async (...words: string[]) =>
    (await called('__complete', 'zsh', ...words)).stdout.split('\n').map((line) => line.split('\t')[0]);

  it('offers the settings after env set NAME, without secrets and what the line has already', async () => {
    await storeOf((store) => store.setSettings('acme', { source: 'descope' }, []));
    const ofAsa = await offered('env', 'set', 'asa', '');
    expect(ofAsa).toEqual(expect.arrayContaining(['asaTeam=', 'asaKeySecretFile=', 'searchCount=', 'offload=']));
    expect(ofAsa).not.toContain('asaKeySecret=');
    expect(await offered('env', 'set', 'asa', 'asaTeam=x', 'asaT')).toEqual(['']);
    expect(await offered('env', 'set', 'acme', 'descopeP')).toContain('descopeProjectId=');
    expect(await offered('env', 'set', 'other', 'so')).toContain('source=skyflow');
    expect(await offered('env', 'set', 'other', 'source=asa', 'asaT')).toContain('asaTeam=');
    expect(await offered('env', 'set', 'sink:new', 'kind=files', 'pa')).toContain('path=');
    expect(await offered('env', 'unset', 'acme', '')).toEqual(['source', '']);
  });

  it('offers each collector once', async () => {
    await storeOf((store) => store.setSettings('acme', { source: 'descope' }, []));
    expect(await offered('status', '')).toEqual(['acme', 'asa', '']);
    expect(await offered('status', 'asa', '')).toEqual(['acme', '']);
  });
});
