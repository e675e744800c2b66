import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { holds, root } from '../../scripts/setup.mjs';

interface Locked {
  version?: string;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
const packages: Record<string, Locked> = JSON.parse(text).packages;

/** Finds a package as Node.js does: among the package's own dependencies, or in any folder above. */
function found(from: string, name: string): Locked | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const locked = packages[`${folder && `${folder}/`}node_modules/${name}`];
    if (locked || folder === '') return locked;
  }
}

describe('package-lock.json', () => {
  it('has the packages of every platform, which "npm ci" requires on each', () => {
    const named = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
      Object.entries(optionalDependencies ?? {}).map(([name, range]) => ({ path, name, range })),
    );
    expect(named.length).toBeGreaterThan(50);
    // A package's binaries have its own exact version; a dependency by range may have any fitting one.
    const lacking = named.filter(({ path, name, range }) => {
      const version = found(path, name)?.version;
      return version === undefined || (/^\d/.test(range) && version !== range);
    });
    expect(lacking).toEqual([]);
  });

  it('has a digest of each package, and no registry', () => {
    const others = Object.entries(packages).filter(([path]) => path !== '');
    expect(others.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''))).toEqual([]);
    expect(text).not.toContain('"resolved"');
  });
});

describe('an installation', () => {
  const locked = {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/a-linux': { version: '1.0.0', integrity: 'sha512-l', optional: true, os: ['linux'], cpu: ['x64'] },
    'node_modules/a-musl': {
      ...{ version: '1.0.0', integrity: 'sha512-m', optional: true, os: ['linux'], cpu: ['x64'] },
      libc: ['musl'],
    },
    'node_modules/a-mac': { version: '1.0.0', integrity: 'sha512-d', optional: true, os: ['darwin'], cpu: ['arm64'] },
  };
  const linux = { platform: 'linux', arch: 'x64' };
  const { '': _, 'node_modules/a-mac': __, 'node_modules/a-musl': ___, ...installed } = locked;

  it('is complete without the packages of other platforms', () => {
    expect(holds(installed, locked, linux)).toBe(true);
  });

  it.each([
    ['nothing', {}],
    ['less', { 'node_modules/a': locked['node_modules/a'] }],
    ['more', { ...installed, 'node_modules/b': { version: '1.0.0', integrity: 'sha512-b' } }],
    ['another version', { ...installed, 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }],
    ['other content', { ...installed, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } }],
  ])('is not complete if it is %s', (_what, each) => {
    expect(holds(each, locked, linux)).toBe(false);
  });

  it('is for one platform', () => {
    expect(holds(installed, locked, { platform: 'darwin', arch: 'arm64' })).toBe(false);
  });
});
