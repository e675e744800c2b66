// npm pack runs this first: it makes what the package has in addition to the files of the checkout.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtime } from './runtime.mjs';
import { writeSbom } from './sbom.mjs';
import { build, install, requireNode, root } from './setup.mjs';

requireNode();
install();
build();
writeSbom();
// For users who want exactly the tested dependencies: npm packs no lockfile, and npm 12 ignores npm-shrinkwrap.json.
writeFileSync(join(root, 'dist', 'package-lock.json'), `${JSON.stringify(runtime().lock, null, 2)}\n`);
