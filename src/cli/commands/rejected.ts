import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, wholeNumber } from './options.js';

export function addRejected(program: Command, choose: Choose): void {
  program
    .command('rejected <name>')
    .description('show the events that were rejected, and are neither stored nor acknowledged')
    .option('--limit <events>', 'number of newest events to show', wholeNumber(1, 10_000), 50)
    .option('--acknowledge', 'they are not missing: they are no longer a problem')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/rejected.js')).rejected(context, name, options)),
    );
}
