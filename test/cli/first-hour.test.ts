import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { root } from '../../scripts/setup.mjs';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';

/** A folder without any settings, and a demo team elsewhere. */
async function newcomer() {
  const { place, demo } = await Place.withDemo({ events: 20 });
  for (const name of ['ASA_TEAM', 'ASA_KEY_ID', 'ASA_KEY_SECRET', 'ASA_BASE_URL']) delete place.env[name];
  const secret = join(place.folder, 'secret');
  writeFileSync(secret, demo.keySecret);
  const plain = ['--set', `ASA_TEAM=${demo.team}`, '--set', `ASA_KEY_ID=${demo.keyId}`, `ASA_BASE_URL=${demo.baseUrl}`];
  const dotEnv = () => readFileSync(join(place.folder, '.env'), 'utf8');
  return { place, demo, secret, plain, dotEnv };
}

/** Runs trawl on a terminal. */
class Dialogue {
  shown = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(place: Place, ...args: string[]) {
    const command = `stty cols 120; exec ${process.execPath} ${join(root, 'bin', 'trawl')} ${args.join(' ')}`;
    this.#child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: place.folder,
      env: { ...place.env, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text;
    });
    this.ended = new Promise((resolve) => this.#child.on('close', resolve));
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }
}

it('trawl --version and --help', async () => {
  const place = new Place();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(await place.run('--version')).toMatchObject({
    code: 0,
    stdout: `trawl ${version} (Node ${process.versions.node})\n`,
  });
  expect((await place.run('status', '--help')).stdout).toContain('trawl status --watch');
});

describe('trawl init', () => {
  it('with flags, writes .env only for its owner, checks it, and suggests a next step that works', async () => {
    const { place, secret, plain, dotEnv } = await newcomer();
    const made = await place.run('init', 'asa', ...plain, '--secret-file', `ASA_KEY_SECRET=${secret}`);
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/first page.*20 events[\s\S]*trawl collect asa/),
    });
    expect(dotEnv()).toContain(`ASA_KEY_SECRET_FILE=${secret}\n`);
    expect(statSync(join(place.folder, '.env')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(place.folder, 'data', 'trawl.db'))).toBe(false);
    expect(await place.run('collect', 'asa')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('20 new events'),
    });
  }, 120_000);

  it('reads a secret from standard input, keeps the rest of .env, and replaces values only on request', async () => {
    const { place, demo, plain, dotEnv } = await newcomer();
    writeFileSync(
      join(place.folder, '.env'),
      '# mine\nASA_KEY_SECRET_FILE=/gone\nTRAWL_LOG_LEVEL=warn\nASA_TEAM=old\n',
    );
    const run = async (...flags: string[]) => {
      const args = [join(root, 'bin', 'trawl'), 'init', 'asa', ...plain, '--secret-stdin', 'ASA_KEY_SECRET', ...flags];
      const child = spawn(process.execPath, args, { cwd: place.folder, env: place.env });
      child.stdin.end(`${demo.keySecret}\n`);
      const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
      return `${stdout}${stderr}`;
    };
    expect(await run()).toMatch(/Nothing was written.*ASA_TEAM.*--force.*INPUT_INVALID/);
    expect(dotEnv()).toContain('ASA_TEAM=old');
    expect(await run('--force')).toContain('may read the audit log');
    expect(dotEnv().split('\n').slice(0, 3)).toEqual(['# mine', 'TRAWL_LOG_LEVEL=warn', `ASA_TEAM=${demo.team}`]);
    expect(dotEnv()).toContain(`ASA_KEY_SECRET=${demo.keySecret}\n`);
  }, 60_000);

  it.each([
    [[], /which source: asa \(Okta Advanced Server Access\)/, 'INPUT_INVALID'],
    [['asa'], /--set ASA_TEAM=VALUE.*--secret-file ASA_KEY_SECRET=PATH/, 'INPUT_INVALID'],
    [['asa', '--set', 'ASA_KEY_SECRET=marker-1'], /other users of this machine/, 'SECRET_REFUSED'],
    [['asa', '--set', 'ASA_TEAMS=x'], /did you mean ASA_TEAM\?/, 'INPUT_INVALID'],
    [['asa', '--set', 'ASA_TEAM=a/b'], /must be the name in/, 'INPUT_INVALID'],
    [['asa', '--secret-file', 'ASA_KEY_SECRET=/absent'], /no file \/absent/, 'INPUT_INVALID'],
    [['skyflow', '--set', 'SKYFLOW_ACCOUNT_ID=a'], /SKYFLOW_API_KEY.*one of/, 'INPUT_INVALID'],
    [['okta'], /asa, descope, skyflow/, 'INPUT_INVALID'],
  ])('%j is refused and writes nothing', async (args, words, code) => {
    const place = new Place();
    const { code: exit, stderr } = await place.run('init', ...args);
    expect(exit).toBe(2);
    expect(stderr).toMatch(words);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).not.toContain('marker-1');
    expect(existsSync(join(place.folder, '.env'))).toBe(false);
  });

  it('says what to correct if the credentials are wrong', async () => {
    const { place, plain, secret } = await newcomer();
    writeFileSync(secret, 'd3Jvbmc=');
    const made = await place.run('init', 'asa', ...plain, '--secret-file', `ASA_KEY_SECRET=${secret}`);
    expect(made).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAILED +credentials .*CREDENTIALS_REFUSED/) });
    expect(made.stdout).toContain('trawl check asa');
  });

  it('asks on a terminal, and shows no secret', async () => {
    const { place, demo, dotEnv } = await newcomer();
    place.env.ASA_BASE_URL = demo.baseUrl;
    const dialogue = new Dialogue(place, 'init');
    const answer = async (question: string, text: string) => {
      await until(`it asks: ${question}`, () => dialogue.shown.includes(question));
      dialogue.type(`${text}\r`);
    };
    await answer('Okta Advanced Server Access (asa)', '');
    await answer('(ASA_TEAM)', demo.team);
    await answer('(ASA_KEY_ID)', demo.keyId);
    await answer('(ASA_KEY_SECRET)', demo.keySecret);
    expect(await dialogue.ended).toBe(0);
    expect(dialogue.shown).toContain('may read the audit log');
    expect(dialogue.shown).not.toContain(demo.keySecret);
    expect(dotEnv()).toBe(`ASA_TEAM=${demo.team}\nASA_KEY_ID=${demo.keyId}\nASA_KEY_SECRET=${demo.keySecret}\n`);
  }, 60_000);

  it('asks for what the flags of a second team leave open', async () => {
    const { place } = await newcomer();
    const flags = ['--name', 'acme-prod', '--set', 'ASA_TEAM=acme', '--no-check'];
    const dialogue = new Dialogue(place, 'init', 'asa', ...flags);
    for (const [question, text] of [
      ['(ASA_KEY_ID)', 'k'],
      ['(ASA_KEY_SECRET)', 'hunter2'],
    ] as const) {
      await until(`it asks: ${question}`, () => dialogue.shown.includes(question));
      dialogue.type(`${text}\r`);
    }
    expect(await dialogue.ended).toBe(0);
    expect(dialogue.shown).not.toContain('(ASA_TEAM)');
    expect((await place.run('env', 'get', 'acme-prod')).stdout).toMatch(/asaTeam +acme/);
  }, 60_000);

  it('writes nothing after Ctrl-C', async () => {
    const { place } = await newcomer();
    const dialogue = new Dialogue(place, 'init', 'descope');
    await until('it asks', () => dialogue.shown.includes('(DESCOPE_PROJECT_ID)'));
    dialogue.type('\u0003');
    expect(await dialogue.ended).toBe(130);
    expect(existsSync(join(place.folder, '.env'))).toBe(false);
  }, 30_000);
});

describe('completion', () => {
  /** Bash's completions of a line. */
  async function offered(place: Place, ...words: string[]): Promise<string[]> {
    const bin = join(place.folder, 'bin');
    if (!existsSync(bin)) {
      execFileSync('mkdir', [bin]);
      symlinkSync(join(root, 'bin', 'trawl'), join(bin, 'trawl'));
    }
    const line = ['trawl', ...words].map((word) => `'${word}'`).join(' ');
    const script = `source <(trawl completion bash); COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _trawl trawl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...place.env, PATH: `${bin}:${place.env.PATH}` };
    return execFileSync('bash', ['-c', script], { cwd: place.folder, env, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  }

  it('knows verbs, options, values and collectors', async () => {
    const { place } = await Place.withDemo({ events: 1 });
    await place.run('env', 'set', 'acme', 'source=asa', 'searchCount=100');
    expect(await offered(place, 'st')).toEqual(['start', 'stop', 'status', 'store']);
    expect(await offered(place, 'collect', 'a')).toEqual(['acme', 'asa']);
    expect(await offered(place, 'events', '--format', 'nd')).toEqual(['ndjson']);
    expect(await offered(place, 'events', 'asa', '--fo')).toEqual(['--format', '--follow']);
    expect(await offered(place, 'env', 'g')).toEqual(['get']);
    expect(await offered(place, 'init', 'sk')).toEqual(['skyflow']);
    expect(await offered(place, 'nonsense', '')).toEqual([]);
  }, 60_000);

  it('prints nothing if the store cannot be read, and evaluates nothing that was typed', async () => {
    const demo = await startDemoAsa({ events: 1 });
    await demo.close();
    const place = new Place();
    Object.assign(place.env, { ASA_TEAM: 'x', TRAWL_STORE: 'postgres://nobody@127.0.0.1:1/none' });
    expect(await offered(place, 'collect', '')).toEqual(['asa']);
    expect(await offered(place, 'collect', '$(touch made)')).toEqual([]);
    expect(existsSync(join(place.folder, 'made'))).toBe(false);
  }, 60_000);

  it.each(['zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { stdout, code } = await new Place().run('completion', shell);
    expect(code).toBe(0);
    expect(stdout).toContain(`__complete ${shell}`);
  });
});

it('errors have the same form on the terminal and as JSON', async () => {
  const place = new Place();
  expect(await place.run('evnts')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: unknown command.*Did you mean events\?.*\[INPUT_INVALID\]\n$/),
  });
  const asked = await place.run('log', '--limit', 'x', '--json');
  expect(JSON.parse(asked.stdout)).toMatchObject({
    error: { code: 'INPUT_INVALID', hint: expect.stringContaining('trawl log --help') },
  });
  expect(asked.code).toBe(2);
});

it('a result that cannot be written is an error', async () => {
  if (!existsSync('/dev/full')) return;
  const place = new Place();
  const script = `${process.execPath} ${join(root, 'bin', 'trawl')} --version > /dev/full`;
  expect(() => execFileSync('bash', ['-c', script], { env: place.env, stdio: 'pipe' })).toThrow('OUTPUT_FAILED');
});
