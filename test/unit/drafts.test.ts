import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { draftBeside, draftMark, removeDeadDrafts } from '../../src/drafts.js';
import { writeDotEnv } from '../../src/settings/dot-env.js';
import { lockInstance } from '../../src/temporal/instance.js';

/** No process has this id: it is beyond the most that Linux and macOS give out. */
const deadPid = 99_999_999;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-drafts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** The names of a draft of a process, as this version and earlier ones have them. */
function namesOf(pid: number | string): { here: string; strange: string[] } {
  const [, place, random] = draftMark().split('-');
  const other = createHash('sha256').update(place!).digest('hex').slice(0, 8);
  return { here: `${pid}-${place}-${random}`, strange: [`${pid}-${other}-${random}`, `${pid}-${random}`, `${pid}`] };
}

const old = new Date(Date.now() - 25 * 60 * 60_000);

function removed(names: readonly string[], at?: Date): string[] {
  for (const name of names) {
    writeFileSync(join(folder, name), '');
    if (at) utimesSync(join(folder, name), at, at);
  }
  removeDeadDrafts(join(folder, 'a.db'));
  return names.filter((name) => !existsSync(join(folder, name)));
}

it('drafts of dead processes are removed, with their journals', () => {
  const { here } = namesOf(deadPid);
  const left = [`a.db.${here}.part`, `a.db.${here}.part-journal`];
  expect(removed(left)).toEqual(left);
});

it('drafts of living processes, and what is no draft of this file, stay', () => {
  const { here, strange } = namesOf(deadPid);
  const kept = ['a.db', 'a.db-wal', `b.db.${here}.part`, `a.db.${here}.new`, 'a.db.replaced-2026', 'a.db.x.part'];
  expect(removed([...kept, `b.db.${strange[0]}.part`, basename(draftBeside(join(folder, 'a.db')))], old)).toEqual([]);
});

it('drafts of another machine or container, whose processes have ids of their own, stay for a day', () => {
  const { strange } = namesOf(deadPid);
  // The process with this id is alive there as well as here, or only there.
  const names = [...strange, ...namesOf(process.pid).strange].map((mark) => `a.db.${mark}.part`);
  expect(removed(names)).toEqual([]);
  expect(removed(names, old)).toEqual(names);
});

it.skipIf(process.platform !== 'linux')('two containers tell their drafts apart', () => {
  const script = `import { draftMark } from ${JSON.stringify(join(root, 'dist/src/drafts.js'))}; console.log(draftMark().split('-')[1]);`;
  const inside = spawnSync('unshare', ['-rpf', process.execPath, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  // Not every machine lets its users make namespaces.
  if (inside.status !== 0) return expect(inside.stderr).not.toContain('drafts');
  expect(inside.stdout.trim()).toMatch(/^[0-9a-f]{8}$/);
  expect(inside.stdout.trim()).not.toBe(draftMark().split('-')[1]);
});

it('what cannot be removed under the name of a draft keeps nobody from writing', () => {
  // A folder, as someone could make one where others may write: even root cannot unlink it.
  const left = join(folder, `.env.${namesOf(deadPid).here}.new`);
  mkdirSync(left);
  writeDotEnv(join(folder, '.env'), 'A=1\n');
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('A=1\n');
});

it('a link at the former name of a draft leads nothing elsewhere', () => {
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, join(folder, 'instance.json.new'));
  symlinkSync(victim, join(folder, `.env.${process.pid}.new`));
  lockInstance(folder, 'up').release();
  writeDotEnv(join(folder, '.env'), 'A=1\n');
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('A=1\n');
  expect(existsSync(join(folder, 'instance.json'))).toBe(true);
});

/** Files that stay, in the data folder, which belongs to this user alone. */
const lasting = ['openSync(files.log, ', 'writeFileSync(path, JSON.stringify(fresh))'];

it('every other file is created exclusively', () => {
  const creating = /\b(?:openSync|writeFileSync|copyFileSync|createWriteStream|appendFileSync|await open)\([^)]/;
  const harmless = ["'wx'", 'COPYFILE_EXCL', ", 'r')", ...lasting];
  const found = ['src', 'activities', 'demo'].flatMap((part) =>
    (readdirSync(join(root, part), { recursive: true }) as string[])
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => readFileSync(join(root, part, name), 'utf8').split('\n')),
  );
  const lines = found.filter((line) => creating.test(line));
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.filter((line) => !harmless.some((word) => line.includes(word)))).toEqual([]);
});
