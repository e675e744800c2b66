// The dependencies that an installed package brings along, according to the lockfile.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const json = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** Licences from the file LICENSE, for packages whose package.json names none. Each is valid for this version only. */
const read = { 'unionfs@4.6.0': 'Unlicense' };

/** package.json and the lockfile, without development dependencies. */
export function runtime(lock = json('package-lock.json')) {
  const { devDependencies: _, ...manifest } = json('package.json');
  const { devDependencies: __, ...top } = lock.packages[''];
  const others = Object.entries(lock.packages).filter(([path, { dev }]) => path && !dev);
  return { manifest, lock: { ...lock, packages: { '': top, ...Object.fromEntries(others) } } };
}

/** Each package once, sorted: its name, version and licence, which is empty if unknown. */
export function runtimePackages(lock) {
  const packages = new Map();
  for (const [path, { name, version, license }] of Object.entries(runtime(lock).lock.packages)) {
    if (path === '') continue;
    const id = `${name ?? path.split('node_modules/').at(-1)}@${version}`;
    packages.set(id, { id, licence: license ?? read[id] ?? '' });
  }
  return [...packages.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
