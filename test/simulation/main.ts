/** `npm run simulate`: lives through histories, one a seed, and ends with the first in which something was not true. */
import { parseArgs } from 'node:util';
import { Disks } from './disk.js';
import { live, type Plan, planOf, type Result } from './history.js';
import { allKinds } from './world.js';

const lastLines = 60;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    source: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'lying-sink': { type: 'boolean', default: false },
    'go-on': { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
  },
});

const kind = allKinds.find((name) => name === values.source);
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const disks = new Disks();
// Left in memory otherwise.
process.once('exit', () => disks.remove());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const startedAt = performance.now();
let lived = 0;
let steps = 0;
let failed = 0;
for (let seed = from; seed < from + count; seed += 1) {
  const plan = planOf(seed, kind, values['lying-sink']);
  const result = await live(plan, disks);
  lived += 1;
  steps += result.steps;
  if (result.problems.length === 0) {
    if (values.trace) console.log(result.trace.join('\n'));
    continue;
  }
  failed += 1;
  if (values['go-on'] || values.brief)
    console.log(`seed ${seed} ${plan.kind}: ${result.problems.join('; ').slice(0, 500)}`);
  else await report(plan, result);
  if (!values['go-on']) break;
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(
  `${lived} histories, ${steps} steps, ${failed} failed, ${seconds.toFixed(1)} s (${Math.round(lived / seconds)} histories/s, ${Math.round(steps / seconds)} steps/s)`,
);
process.exit(failed > 0 ? 1 : 0);

async function report(plan: Plan, first: Result): Promise<void> {
  const { plan: least, result } = await shrunk(plan, first);
  console.log(`seed ${plan.seed} (${plan.kind}):`);
  for (const problem of result.problems) console.log(`  ${problem}`);
  console.log(`with ${least.disturbances.length} of ${plan.disturbances.length} disturbances:`);
  for (const { after, what } of least.disturbances) console.log(`  after ${after} steps: ${what}`);
  const shown = values.trace ? result.trace : result.trace.slice(-lastLines);
  console.log(shown.join('\n'));
  const options = [kind && `--source ${kind}`, values['lying-sink'] && '--lying-sink'].filter(Boolean);
  console.log(`Again: npm run simulate -- ${[`--seed ${plan.seed}`, ...options].join(' ')}`);
}

/** Leaves out whatever the history still fails without. */
async function shrunk(plan: Plan, result: Result): Promise<{ plan: Plan; result: Result }> {
  let least = { plan, result };
  for (let at = 0; at < least.plan.disturbances.length; ) {
    const fewer = { ...plan, disturbances: least.plan.disturbances.toSpliced(at, 1) };
    const again = await live(fewer, disks);
    if (again.problems.length > 0) least = { plan: fewer, result: again };
    else at += 1;
  }
  return least;
}
