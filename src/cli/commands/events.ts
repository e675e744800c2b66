import { type Command, Option } from 'commander';
import { eventFormats } from '../event-formats.js';
import type { EventsOptions } from '../verbs/events.js';
import type { Choose } from './choose.js';
import { sinceOption, untilOption, wholeNumber } from './options.js';

export function addEvents(program: Command, choose: Choose): void {
  program
    .command('events [name]')
    .description('show the events, in the order in which they were stored')
    .addOption(new Option('--format <format>', 'output format').choices([...eventFormats]).default('text'))
    .addOption(sinceOption('events'))
    .addOption(untilOption('events'))
    .option('--type <type>', 'of this type; * stands for any characters')
    .option('--actor <text>', 'with this text in the actor, in any case')
    .option('--text <text>', 'with this text anywhere, in any case')
    .option('--limit <events>', 'at most this many events', wholeNumber(1, 1e12))
    .option('--follow', 'continue with new events until Ctrl-C')
    .action((name: string | undefined, options: EventsOptions) =>
      choose(async (context) => (await import('../verbs/events.js')).events(context, name, options)),
    );
}
