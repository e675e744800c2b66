import type { Command } from 'commander';
import type { Choose } from './choose.js';

export function addClear(program: Command, choose: Choose): void {
  program
    .command('clear <name>')
    .description('empty the events table of a collector')
    .option('--yes', 'do not ask; needed where there is no terminal to ask on')
    .option('--force', 'do not ask, and clear events too that a sink lacks')
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/maintenance.js')).clear(context, name, options)),
    );
}
