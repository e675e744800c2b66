import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, sinceOption, untilOption, wholeNumber } from './options.js';

export function addLog(program: Command, choose: Choose): void {
  program
    .command('log [name]')
    .description('show the execution log')
    .option(
      '--limit <lines>',
      'number of newest lines to show (default: 50; all with --since or --until)',
      wholeNumber(1, 1_000_000),
    )
    .addOption(sinceOption('lines'))
    .addOption(untilOption('lines'))
    .option('--follow', 'continue with new lines until Ctrl-C; with --json, one object per line')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/log.js')).log(context, name, options)),
    );
}
