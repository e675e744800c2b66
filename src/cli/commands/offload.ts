import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addOffload(program: Command, choose: Choose): void {
  program
    .command('offload <name>')
    .description('send new events to the sinks now, and end when the sinks have them')
    .option('--sink <sink...>', 'only to these sinks of the collector')
    .option('--from <time>', 'send events from this time on again, under separate names')
    .option('--to <time>', 'send events before this time again')
    .option('--name <name>', 'name of the repetition')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/offload.js')).offload(context, name, options)),
    );
}
