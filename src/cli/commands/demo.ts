import { Argument, type Command } from 'commander';
import { demos } from '../../../demo/registry.js';
import type { Choose } from './choose.js';
import { wholeNumber } from './options.js';

const kinds = Object.keys(demos);

export function addDemo(program: Command, choose: Choose): void {
  program
    .command('demo')
    .addArgument(new Argument('[source]', 'kind of source').choices(kinds).default(kinds[0]))
    .description('run only a demo server')
    .option('--port <port>', 'port to listen on', wholeNumber(0, 65_535), 0)
    .option('--events <events>', 'number of events at the start', wholeNumber(0, 1e9))
    .option('--interval <ms>', 'milliseconds between new events; 0 for none', wholeNumber(0, 1e9), 4_000)
    .option('--seed <seed>', 'seed of the random events', wholeNumber(0, 2 ** 31), 1)
    .option('--latency <ms>', 'delay of each response', wholeNumber(0, 60_000), 0)
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
