import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addClear(program: Command, choose: Choose): void {
  program
    .command('clear <name>')
    .description('clear the events of a collector from the table')
    .option('--yes', 'do not ask; required without a terminal')
    .option('--force', 'do not ask, and also clear events that a sink lacks')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/maintenance.js')).clear(context, name, options)),
    );
}
