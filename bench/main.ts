import { cpus } from 'node:os';
import { many } from './many.js';
import { walk } from './walk.js';

/** What a part measured, for a program and as a table for people. */
export interface Measured {
  json: object;
  text: string;
}

const parts: Record<string, () => Promise<Measured>> = { walk, many };
const json = process.argv.includes('--json');
const named = process.argv.slice(2).filter((word) => word !== '--json');
const unknown = named.find((name) => !(name in parts));
if (unknown !== undefined) {
  console.error(`There is no part ${JSON.stringify(unknown)}; there are: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}
const machine = { model: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
const results: Record<string, object> = {};
if (!json) console.log(`${machine.cores} × ${machine.model}, Node.js ${machine.node}\n`);
for (const name of named.length > 0 ? named : ['walk']) {
  const measured = await parts[name]!();
  results[name] = measured.json;
  if (!json) console.log(`${measured.text}\n`);
}
if (json) console.log(JSON.stringify({ machine, ...results }, null, 2));
