/** `npm run simulate:faults`: brings back each fault that was mended, and looks whether the simulation still finds it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** A simulation keeps one processor busy. */
const atOnceMax = 2;
const root = fileURLToPath(new URL('../../', import.meta.url));
const patches = join(root, 'test/simulation/faults');
/** The parts of the checkout that the simulation needs. */
const copied = ['activities', 'src', 'test/simulation', 'workflows', 'package.json', 'tsconfig.json'];

interface Found {
  seed?: string;
  problem?: string;
  steps: string;
  seconds: string;
}

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '400' }, from: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const all = readdirSync(patches)
  .filter((name) => name.endsWith('.patch'))
  .map((name) => name.slice(0, -'.patch'.length));
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`Unknown fault ${unknown.join(', ')}. There are: ${all.join(', ')}.`);

const folder = mkdtempSync(join(tmpdir(), 'trawl-faults-'));
const ending = new AbortController();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    ending.abort();
    process.exit(1);
  });

const left = positionals.length > 0 ? [...positionals] : [...all];
const wide = Math.max(...left.map((name) => name.length));
const missed: string[] = [];
printRow(['fault', 'seed', 'steps', 'seconds', 'how it shows']);
await Promise.all(Array.from({ length: atOnceMax }, work));
if (missed.length > 0) console.log(`Not found: ${missed.join(', ')}`);
process.exitCode = missed.length > 0 ? 1 : 0;

async function work(): Promise<void> {
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const { seed, problem = '', steps, seconds } = await search(name);
    if (seed === undefined) missed.push(name);
    printRow([name, seed ?? 'none', steps, seconds, problem.slice(0, 100)]);
  }
}

function printRow([name, seed, steps, seconds, problem]: [string, string, string, string, string]): void {
  console.log(
    `${name.padEnd(wide)} ${seed.padStart(5)} ${steps.padStart(9)} ${seconds.padStart(8)}  ${problem}`.trim(),
  );
}

/** Lives through histories of a copy that has the fault, up to the first that fails. */
async function search(name: string): Promise<Found> {
  const copy = join(folder, name);
  for (const path of copied) cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const applied = await run(['git', 'apply', join(patches, `${name}.patch`)], copy);
  if (applied.code !== 0) throw new Error(`faults/${name}.patch no longer applies: ${applied.output}`);
  const main = join(copy, 'test/simulation/main.ts');
  const options = ['--brief', '--seeds', values.seeds, '--from', values.from];
  const { code, output } = await run([process.execPath, '--import', 'tsx', main, ...options], copy);
  rmSync(copy, { recursive: true, force: true });
  const [, seed, problem] = /^seed (\d+) (.*)$/m.exec(output) ?? [];
  const [, steps, seconds] = /^\d+ histories, (\d+) steps, .*?([\d.]+) s/m.exec(output) ?? [];
  if (steps === undefined || seconds === undefined || (code !== 0) !== (seed !== undefined))
    throw new Error(`The simulation of ${name} broke:\n${output}`);
  return { ...(seed === undefined ? {} : { seed }), ...(problem === undefined ? {} : { problem }), steps, seconds };
}

async function run([program, ...args]: [string, ...string[]], cwd: string): Promise<{ code: number; output: string }> {
  // The copy is part of no checkout, wherever the folder for temporary files is.
  const env = {
    ...process.env,
    GIT_CEILING_DIRECTORIES: dirname(cwd),
    TSX_TSCONFIG_PATH: join(cwd, 'test/simulation/tsconfig.json'),
  };
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], signal: ending.signal });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number, output: `${output}${errors}` };
}
