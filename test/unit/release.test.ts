import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';

const text = (path: string) => readFileSync(join(root, path), 'utf8');
const { version } = JSON.parse(text('package.json')) as { version: string };
const headings = [...text('CHANGELOG.md').matchAll(/^(#+) (.*)$/gm)].map(([, level, title]) => ({
  level,
  title: title!,
}));

it('the changelog has unreleased changes, then releases with their dates, each by kinds of change', () => {
  expect(headings[0]).toEqual({ level: '#', title: 'Changelog' });
  const releases = headings.filter(({ level }) => level === '##').map(({ title }) => title);
  expect(releases[0]).toBe('[Unreleased]');
  for (const title of releases.slice(1)) expect(title).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  const dates = releases.slice(1).map((title) => title.slice(-10));
  expect(dates).toEqual([...dates].sort().reverse());
  const kinds = headings.filter(({ level }) => level === '###').map(({ title }) => title);
  expect(kinds.filter((kind) => !/^(Added|Changed|Deprecated|Removed|Fixed|Security)$/.test(kind))).toEqual([]);
});

it('the changelog has no entry twice', () => {
  const entries = text('CHANGELOG.md').match(/^- .*$/gm)!;
  expect(entries.filter((entry, index) => entries.indexOf(entry) !== index)).toEqual([]);
});

it('package, lockfile, docs and the newest release of the changelog have the same version', () => {
  const newest = headings.find(({ level, title }) => level === '##' && title !== '[Unreleased]');
  expect(newest?.title).toMatch(`[${version}] - `);
  const lock = JSON.parse(text('package-lock.json'));
  expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
  const archives = [...text('docs/packages.md').matchAll(/trawl-([\d.]+)\.tgz/g)].map(([, named]) => named);
  expect(new Set(archives)).toEqual(new Set([version]));
});
