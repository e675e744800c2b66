import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { draftBeside, removeDeadDrafts } from '../../src/drafts.js';
import { writeDotEnv } from '../../src/settings/dot-env.js';
import { lockInstance } from '../../src/temporal/instance.js';

/** No process has this id: it is beyond the most that Linux and macOS give out. */
const deadPid = 99_999_999;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-drafts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

it('drafts of dead processes are removed, in every form of their names, and nothing else', () => {
  const path = join(folder, 'a.db');
  const own = draftBeside(path);
  const kept = [
    'a.db',
    'a.db-wal',
    `b.db.${deadPid}-ab.part`,
    `a.db.${deadPid}-ab.new`,
    'a.db.replaced-2026',
    'a.db.x.part',
  ];
  const left = [`a.db.${deadPid}-0a1b.part`, `a.db.${deadPid}.part`, `a.db.${deadPid}-0a1b.part-journal`];
  for (const name of [...kept, ...left]) writeFileSync(join(folder, name), '');
  writeFileSync(own, '');
  removeDeadDrafts(path);
  expect(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .sort(),
  ).toEqual([...kept.map((name) => join(folder, name)), own].sort());
});

it('what cannot be removed under the name of a draft keeps nobody from writing', () => {
  // A folder, as someone could make one where others may write: even root cannot unlink it.
  mkdirSync(join(folder, `.env.${deadPid}-ab.new`));
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
