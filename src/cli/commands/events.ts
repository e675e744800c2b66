import { type Command, Option } from 'commander';
import { words } from '../../filter/filter.js';
import { eventFormats } from '../event-formats.js';
import type { EventsOptions } from '../events/asked.js';
import type { Choose } from './choose.js';
import { jsonOption, sinceOption, untilOption, wholeNumber } from './options.js';

export function addEvents(program: Command, choose: Choose): void {
  const events = program
    .command('events [name]')
    .description('show events: on a terminal the newest, otherwise all in the order in which they were stored')
    .addOption(
      new Option('--format <format>', 'output format; by default a table, or text in a pipe').choices([
        ...eventFormats,
      ]),
    )
    .option('--wide', 'all columns of the table, with everything in them')
    .addOption(sinceOption('events'))
    .addOption(untilOption('events'))
    .option(
      '--where <filter>',
      `that match, for example 'user:ada -type:auth.* "some text"'; the words are ${words.join(', ')}`,
      (filter: string, others: string[] = []) => [...others, filter],
    )
    .option('--type <type>', 'of this type; * stands for any characters')
    .option('--actor <text>', 'with this text in the actor, in any case')
    .option('--text <text>', 'with this text anywhere, in any case')
    .option('--tail <events>', 'only so many of the newest', wholeNumber(0, 10_000))
    .option('--oldest', 'from the first event on, also on a terminal')
    .option('--limit <events>', 'at most this many events', wholeNumber(1, 1e12))
    .option('--follow', 'continue with new events until Ctrl-C; on a terminal, begin now')
    .action((name: string | undefined, options: EventsOptions) =>
      choose(async (context) => (await import('../verbs/events.js')).events(context, name, options)),
    );
  events
    .command('show <name-or-id> [id]')
    .usage('[options] [name] <id>')
    .description('show one event, by its id or its number: columns, the raw event, related objects, its page')
    .addOption(jsonOption())
    .action((first: string, second: string | undefined, options: { json?: boolean }) =>
      choose(async (context) => (await import('../verbs/event.js')).event(context, [first, second], options)),
    );
}
