import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, sinceOption, untilOption, wholeNumber } from './options.js';

export function addQuery(program: Command, choose: Choose): void {
  program
    .command('query [sql]')
    .description('run SQL on the store, which it cannot change; without SQL, ask for statements')
    .addOption(jsonOption())
    .option('--csv', 'write the result as CSV')
    .option('--seconds <seconds>', 'time for a statement', wholeNumber(1, 86_400), 60)
    .option(
      '--archive <sink>',
      'also the events that only the files of this sink still have, by DuckDB: the table "events"',
    )
    .option('--collector <name>', 'with --archive: only events of this collector')
    .addOption(sinceOption('with --archive: events'))
    .addOption(untilOption('with --archive: events'))
    .option(
      '--megabytes <megabytes>',
      'with --archive: how much may be fetched (default: 2000)',
      wholeNumber(1, 10_000_000),
    )
    .action((sql, options) =>
      choose(async (context) => (await import('../verbs/query.js')).query(context, sql, options)),
    );
}
