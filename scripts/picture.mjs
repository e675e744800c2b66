// Takes the picture of a run that README.md shows. By hand, with `npm start` running and Chromium on the PATH:
//   node scripts/picture.mjs http://127.0.0.1:8233/namespaces/default/workflows/ID/RUN/user-metadata docs/pictures/run.png
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const bytesMax = 200_000;

const [page, file] = process.argv.slice(2);
if (!page?.endsWith('/user-metadata') || !file) {
  console.error('Usage: node scripts/picture.mjs URL-OF-A-RUN/user-metadata FILE.png');
  process.exit(2);
}
const profile = mkdtempSync(join(tmpdir(), 'trawl-picture-'));
const options = [
  '--headless',
  '--disable-gpu',
  '--hide-scrollbars',
  '--window-size=1280,900',
  `--user-data-dir=${profile}`,
  // The page goes on loading after its first answer.
  '--virtual-time-budget=60000',
  // Chromium refuses to run as root inside its sandbox.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  `--screenshot=${resolve(file)}`,
];
const { status, error } = spawnSync('chromium', [...options, page], { stdio: 'ignore', timeout: 120_000 });
rmSync(profile, { recursive: true, force: true });
if (error || status !== 0) {
  console.error(`Chromium took no picture: ${error?.message ?? `it ended with ${status}`}.`);
  process.exit(1);
}
const { size } = statSync(file);
if (size > bytesMax) {
  console.error(`${file} has ${size} bytes, more than ${bytesMax}: take a smaller window.`);
  process.exit(1);
}
