#!/usr/bin/env node
// npm run try-compose: runs docker-compose.yml without a container engine (docs/containers.md). Sets up what is missing,
// then runs try-compose/main.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, install, requireNode, root } from '../scripts/setup.mjs';

requireNode();
install();
build();
const main = [join(root, 'deploy', 'try-compose', 'main.ts'), ...process.argv.slice(2)];
const child = spawn(process.execPath, ['--import', 'tsx', ...main], { cwd: root, stdio: 'inherit' });
// Until the other process has ended everything in order.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
