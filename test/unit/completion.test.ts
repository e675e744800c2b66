import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { scripts } from '../../src/cli/completion/scripts.js';

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
