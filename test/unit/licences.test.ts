import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { page, refused } from '../../scripts/licences.mjs';
import { type Lockfile, runtimePackages } from '../../scripts/runtime.mjs';
import { root } from '../../scripts/setup.mjs';

const text = (path: string) => readFileSync(join(root, path), 'utf8');
const lock = (): Lockfile => JSON.parse(text('package-lock.json'));

describe('THIRD-PARTY-LICENSES.md', () => {
  it('is what "npm run licences" writes', () => {
    expect(page(runtimePackages(), text('dist/workflow-bundle.js'))).toBe(text('THIRD-PARTY-LICENSES.md'));
  });

  it('lists each dependency of package.json, and none for development alone', () => {
    const { dependencies, devDependencies } = JSON.parse(text('package.json'));
    const listed = new Set(runtimePackages().map(({ id }) => id));
    for (const [name, version] of Object.entries(dependencies)) expect(listed).toContain(`${name}@${version}`);
    for (const name of ['vitest', 'typescript']) expect(listed).not.toContain(`${name}@${devDependencies[name]}`);
  });
});

describe('licences', () => {
  it('are among the allowed ones', () => {
    expect(refused(runtimePackages())).toEqual([]);
  });

  it('that are not allowed or not known are reported', () => {
    const changed = lock();
    changed.packages['node_modules/acme'] = { version: '1.0.0', license: 'AGPL-3.0-only' };
    changed.packages['node_modules/acme/node_modules/@acme/part'] = { version: '2.0.0' };
    changed.packages['node_modules/acme-tests'] = { version: '3.0.0', license: 'AGPL-3.0-only', dev: true };
    expect(refused(runtimePackages(changed))).toEqual(['@acme/part@2.0.0: no licence', 'acme@1.0.0: AGPL-3.0-only']);
  });
});
