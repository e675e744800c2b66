import { cpus } from 'node:os';
import { exporting } from './export.js';
import { figureJson, figureTable, type Measured } from './figures.js';
import { growth } from './growth.js';
import { guard } from './guard.js';
import { idle } from './idle.js';
import { many } from './many.js';
import { offload } from './offload.js';
import { profile } from './profile.js';
import { readSizes, type Sizes } from './sizes.js';
import { start } from './start.js';
import { Stores } from './stores.js';
import { walk } from './walk.js';
import { wholeCollection } from './whole.js';

const parts: Record<string, (sizes: Sizes, stores: Stores) => Promise<Measured>> = {
  walk,
  whole: wholeCollection,
  profile,
  growth,
  idle,
  start,
  export: exporting,
  offload,
  many,
};
const others: typeof parts = {
  guard: (_, stores) => guard(stores),
  record: (_, stores) => guard(stores, { record: true }),
};
const json = process.argv.includes('--json');
const named = process.argv.slice(2).filter((word) => word !== '--json');
const unknown = named.find((name) => !(name in parts || name in others));
if (unknown !== undefined) {
  const known = [...Object.keys(parts), ...Object.keys(others)];
  console.error(`Unknown part ${JSON.stringify(unknown)}; the parts are: ${known.join(', ')}.`);
  process.exit(2);
}
const sizes = readSizes(process.env);
const machine = { model: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
const results: [name: string, measured: Measured][] = [];
const stores = new Stores();
try {
  for (const name of named.length > 0 ? named : Object.keys(parts)) {
    console.error(`${name} …`);
    results.push([name, await { ...parts, ...others }[name]!(sizes, stores)]);
  }
} finally {
  await stores.close();
}
const failures = results.flatMap(([, measured]) => measured.failures ?? []);
if (json) {
  const named = results.map(([name, { figures }]) => [name, { figures: figures.map(figureJson) }]);
  console.log(JSON.stringify({ machine, sizes, ...Object.fromEntries(named), failures }, null, 2));
} else {
  console.log(`${machine.cores} × ${machine.model}, Node.js ${machine.node}\n`);
  const figures = results.map(([name, measured]) => [name, measured.figures] as const);
  console.log(`${figureTable(figures)}\n`);
}
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
