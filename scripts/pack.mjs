// npm pack runs this first: what the package has beside the files of the checkout.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtime } from './runtime.mjs';
import { writeSbom } from './sbom.mjs';
import { build, install, requireNode, root } from './setup.mjs';

requireNode();
install();
build();
writeSbom();
// For who wants the very dependencies that were tested: npm packs no lockfile, and npm 12 reads no npm-shrinkwrap.json.
writeFileSync(join(root, 'dist', 'package-lock.json'), `${JSON.stringify(runtime().lock, null, 2)}\n`);
