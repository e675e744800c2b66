import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addOffload(program: Command, choose: Choose): void {
  program
    .command('offload <name>')
    .description('send the events onwards to the sinks now, and end when they have them')
    .option('--sink <sink...>', 'only to these of its sinks')
    .option('--from <time>', 'again, the events from this time on, under names of their own')
    .option('--to <time>', 'again, the events before this time')
    .option('--name <name>', 'the name of the repetition')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/offload.js')).offload(context, name, options)),
    );
}
