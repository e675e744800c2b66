import { Argument, type Command } from 'commander';
import { demos } from '../../../demo/registry.js';
import type { Choose } from './choose.js';
import { wholeNumber } from './options.js';

const kinds = Object.keys(demos);

export function addDemo(program: Command, choose: Choose): void {
  program
    .command('demo')
    .addArgument(new Argument('[source]', 'of which source').choices(kinds).default(kinds[0]))
    .description('run a demo server alone')
    .option('--port <port>', 'its port', wholeNumber(0, 65_535), 0)
    .option('--events <events>', 'how many events it begins with', wholeNumber(0, 1e9))
    .option('--interval <ms>', 'a new event each so many milliseconds; 0 for none', wholeNumber(0, 1e9), 4_000)
    .option('--seed <seed>', 'another seed has other events', wholeNumber(0, 2 ** 31), 1)
    .option('--latency <ms>', 'how long each answer takes', wholeNumber(0, 60_000), 0)
    .action((source: string, { port, events, seed, interval, latency }) =>
      choose(async () =>
        (await import('../verbs/demo.js')).demo(source, {
          port,
          ...(events === undefined ? {} : { events }),
          seed,
          arrivalIntervalMs: interval,
          latencyMs: latency,
        }),
      ),
    );
}
