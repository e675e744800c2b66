import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, wholeNumber } from './options.js';

export function addLog(program: Command, choose: Choose): void {
  program
    .command('log [name]')
    .description('show the execution log')
    .option('--limit <lines>', 'number of newest lines to show', wholeNumber(1, 1_000_000), 50)
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/log.js')).log(context, name, options)),
    );
}
