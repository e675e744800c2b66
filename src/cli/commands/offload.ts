import { type Command, Option } from 'commander';
import { WrongCall } from '../wrong-call.js';
import type { Choose } from './choose.js';
import { jsonOption, sinceOption, untilOption } from './options.js';

export function addOffload(program: Command, choose: Choose): void {
  program
    .command('offload <name>')
    .description('send new events to the sinks now, and end when the sinks have them')
    .option('--sink <sink...>', 'only to these sinks of the collector')
    .addOption(sinceOption('send again, under separate names, events'))
    .addOption(untilOption('send again events'))
    // Their names before; other verbs never had them.
    .addOption(new Option('--from <time>').hideHelp())
    .addOption(new Option('--to <time>').hideHelp())
    .option('--name <name>', 'name of the repetition')
    .option('--drop', 'give up the repetition: retention keeps no events for it any longer')
    .option('--compact', 'merge the many small files or objects of one sink into few large ones')
    .option('--before <time>', 'with --compact: only whole days (UTC) before this time; today, if not given')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => {
        const { name: series, sink, from, to, since = from, until = to } = options;
        if ((from !== undefined && options.since !== undefined) || (to !== undefined && options.until !== undefined))
          throw new WrongCall('--from is the same as --since, and --to as --until.', 'Give one of the two.');
        if (options.compact) {
          const others = [series, since, until, options.drop].some((option) => option !== undefined);
          if (others || sink?.length !== 1)
            throw new WrongCall(
              'Compacting needs one sink, and takes no other option than --before and --json.',
              `For example: trawl offload ${name} --compact --sink archive --before 2026-05-01`,
            );
          return (await import('../verbs/compact.js')).compact(context, name, { ...options, sink: sink[0]! });
        }
        if (options.before !== undefined)
          throw new WrongCall(
            '--before belongs to --compact.',
            'To send a range of time again: --since, --until, --name.',
          );
        if (!options.drop)
          return (await import('../verbs/offload.js')).offload(context, name, { ...options, since, until });
        if (!series || since !== undefined || until !== undefined || sink !== undefined)
          throw new WrongCall(
            'Dropping a repetition needs its name and nothing else.',
            'For example: --name january --drop',
          );
        return (await import('../verbs/drop-repetition.js')).dropRepetition(context, name, series, options);
      }),
    );
}
