// npm test: runs everything, from a fresh clone. Ends with one line of vitest's own totals.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, install, requireNode, root } from './setup.mjs';

requireNode();
install();
build();
const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const report = join(folder, 'report.json');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const flaky = join(root, 'scripts', 'flaky-reporter.mjs');
const reporters = ['default', 'json', flaky].map((reporter) => `--reporter=${reporter}`);
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...reporters, `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
let code = status ?? 1;
try {
  const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(report, 'utf8'));
  if (!success) code ||= 1;
  console.log(`\n${numPassedTests} passed, ${numFailedTests} failed`);
} catch {
  code ||= 1;
  console.log('\n0 passed, 1 failed');
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = code;
