// npm run sbom: writes dist/sbom.cdx.json, the software bill of materials (CycloneDX) of an installed package.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtime, runtimePackages } from './runtime.mjs';
import { root } from './setup.mjs';

export function writeSbom() {
  const bill = npmSbom();
  const licences = new Map(runtimePackages().map(({ id, licence }) => [id, licence]));
  for (const component of bill.components)
    component.licenses ??= [{ license: { id: licences.get(`${component.name}@${component.version}`) } }];
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', 'sbom.cdx.json'), `${JSON.stringify(bill, null, 2)}\n`);
}

/**
 * npm's own bill, made in a folder without development dependencies: with `--omit=dev`, npm 11 also leaves out packages
 * that development needs as well, such as `pg`. It is made from the lockfile: installed packages lack those of
 * other platforms. npm takes the folder's name for the program's.
 */
function npmSbom() {
  const { manifest, lock } = runtime();
  const temporary = mkdtempSync(join(tmpdir(), 'trawl-sbom-'));
  const folder = join(temporary, manifest.name);
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    const { status, stdout, error } = spawnSync(
      'npm',
      ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application', '--loglevel=error'],
      { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
    );
    if (status !== 0) throw new Error('npm sbom failed: see above', { cause: error });
    return JSON.parse(stdout);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('sbom.mjs')) writeSbom();
