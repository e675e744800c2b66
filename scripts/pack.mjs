// npm pack runs this before it, and with --after behind it.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtime } from './runtime.mjs';
import { writeSbom } from './sbom.mjs';
import { build, install, requireNode, root } from './setup.mjs';

/** With it, who installs the package gets the very dependencies that were tested. npm packs no package-lock.json. */
const shrinkwrap = join(root, 'npm-shrinkwrap.json');

if (process.argv.includes('--after')) {
  rmSync(shrinkwrap, { force: true });
} else {
  requireNode();
  install();
  build();
  writeSbom();
  writeFileSync(shrinkwrap, `${JSON.stringify(runtime().lock, null, 2)}\n`);
}
