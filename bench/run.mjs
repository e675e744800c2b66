// npm run bench: sets up what is missing, then runs bench/main.ts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, requireNode, root } from '../scripts/setup.mjs';

requireNode();
install();
build();
const main = [join(root, 'bench', 'main.ts'), ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, ['--import', 'tsx', ...main], { cwd: root, stdio: 'inherit' }).status ?? 1);
