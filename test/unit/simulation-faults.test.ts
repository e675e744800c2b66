import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = 'test/simulation/faults';
const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(root.replace(/\/$/, '')) };
const git = (...args: string[]) => spawnSync('git', args, { cwd: root, env, encoding: 'utf8' });
const why = git('--version').status === 0 ? '' : ' (skipped: there is no git)';

it.skipIf(why)(`has patches that bring the mended faults back${why}: npm run simulate:faults`, () => {
  const patches = readdirSync(`${root}${folder}`);
  expect(patches).not.toEqual([]);
  const outdated = patches.filter((name) => git('apply', '--check', `${folder}/${name}`).status !== 0);
  // Whoever has changed the code writes such a patch anew (CONTRIBUTING.md).
  expect(outdated).toEqual([]);
});
