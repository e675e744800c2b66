import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addStop(program: Command, choose: Choose): void {
  program
    .command('stop [names...]')
    .description('end the recurring collection')
    .option('--all', 'for every collector')
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/recurring.js')).stop(context, names, options)),
    );
}
