import type { Command } from 'commander';
import { WrongCall } from '../wrong-call.js';
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
    .option('--drop', 'give up the repetition: retention keeps no events for it any longer')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => {
        if (!options.drop) return (await import('../verbs/offload.js')).offload(context, name, options);
        const { name: series, from, to, sink } = options;
        if (!series || from !== undefined || to !== undefined || sink !== undefined)
          throw new WrongCall(
            'Dropping a repetition needs its name and nothing else.',
            'For example: --name january --drop',
          );
        return (await import('../verbs/drop-repetition.js')).dropRepetition(context, name, series, options);
      }),
    );
}
