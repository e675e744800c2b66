import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { closeToOthers } from '../../src/private-files.js';

// Unit tests share a process, and the command line sets a stricter umask than the modes tested here.
beforeEach(() => {
  const before = process.umask(0o022);
  onTestFinished(() => void process.umask(before));
});

function folder(mode: number): string {
  const path = mkdtempSync(join(tmpdir(), 'trawl-modes-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  chmodSync(path, mode);
  return path;
}

const file = (path: string, mode: number) => {
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
};
const modeOf = (path: string) => statSync(path).mode & 0o7777;

it('a shared folder keeps its mode, and so does the target of a link', () => {
  const data = folder(0o1777);
  const elsewhere = file(join(folder(0o755), 'passwd'), 0o644);
  symlinkSync(elsewhere, join(data, 'trawl.db'));
  const log = file(join(data, 'temporal.log'), 0o664);
  expect(closeToOthers(data)).toEqual({ closed: [log], refused: [] });
  expect([data, elsewhere, log].map(modeOf)).toEqual([0o1777, 0o644, 0o660]);
});

it('a store elsewhere is protected with its side files, but its folder is unchanged', () => {
  const [data, place] = [folder(0o700), folder(0o755)];
  const store = file(join(place, 'audit.db'), 0o604);
  const wal = file(`${store}-wal`, 0o644);
  const other = file(join(place, 'other.db'), 0o644);
  expect(closeToOthers(data, store).closed.sort()).toEqual([store, wal]);
  expect([place, other, store, wal].map(modeOf)).toEqual([0o755, 0o644, 0o600, 0o640]);
  expect(closeToOthers(join(data, 'absent'), join(data, 'absent', 'trawl.db'))).toEqual({ closed: [], refused: [] });
});

it('files of another owner are reported, and nothing fails', ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can run it as another user');
  const above = folder(0o755);
  const data = join(above, 'data');
  mkdirSync(data, { mode: 0o755 });
  const store = file(join(data, 'trawl.db'), 0o644);
  const script = `import { closeToOthers } from '${join(above, 'private-files.js')}'; console.log(JSON.stringify(closeToOthers('${data}')));`;
  execFileSync('cp', [join(root, 'dist', 'src', 'private-files.js'), join(above, 'private-files.js')]);
  writeFileSync(join(above, 'package.json'), '{"type":"module"}');
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: '/',
    uid: 65534,
    encoding: 'utf8',
  });
  expect(JSON.parse(said)).toEqual({ closed: [], refused: [data, store] });
  expect([data, store].map(modeOf)).toEqual([0o755, 0o644]);
});
