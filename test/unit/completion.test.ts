import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { commands } from '../../src/cli/commands/program.js';
import { scripts } from '../../src/cli/completion/scripts.js';
import { candidates, type Names } from '../../src/cli/completion/words.js';

const names = [
  'asa',
  'sink:archive',
  '--format=csv',
  '$(touch made)',
  '`touch made`',
  'a; touch made',
  "it's",
  'a b',
  'x>made',
  '~',
  'é*',
];

it('Bash puts a name into the line as one word, whatever is in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const script = `
    trawl() { printf '%s\\tdescription\\n' "\${names[@]}"; }
    ${scripts.bash}
    names=("$@") COMP_WORDS=(trawl '') COMP_CWORD=1
    _trawl trawl
    eval "words=(\${COMPREPLY[*]})"
    printf '%s\\n' "\${words[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...names], { cwd: folder });
  expect(stdout.trimEnd().split('\n')).toEqual(names);
  expect(existsSync(join(folder, 'made'))).toBe(false);
});

it('offers collectors and subcommands together, the types of events, and the new flags', async () => {
  const program = await commands(() => undefined);
  const names: Names = {
    collectors: async () => ['asa', 'shop'],
    sinks: async () => [],
    types: async () => ['user.create', 'server.enroll'],
    settings: async () => [],
    rows: async () => [],
  };
  const offered = async (...words: string[]) =>
    (await candidates(program, ['events', ...words], names)).map(({ value }) => value);
  expect(await offered('s')).toEqual(['shop', 'show']);
  expect(await offered('asa', '')).toEqual([]);
  expect(await offered('show', '')).toEqual(['asa', 'shop']);
  expect(await offered('show', '--')).toEqual(['--json', '--help']);
  expect(await offered('--type', 'user.')).toEqual(['user.create']);
  expect(await offered('--type=s')).toEqual(['--type=server.enroll']);
  for (const flag of ['--where', '--wide', '--tail', '--oldest', '--follow'])
    expect(await offered(flag.slice(0, 4))).toContain(flag);
});
