import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addRemove(program: Command, choose: Choose): void {
  program
    .command('remove <name>')
    .description('remove a collector: its settings, checkpoint and recurring collection; events, ledger and log stay')
    .option('--events', 'clear its events, too')
    .option('--yes', 'do not ask; required without a terminal')
    .option('--force', 'do not ask, and with --events also clear events that a sink lacks')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/remove.js')).remove(context, name, options)),
    );
}
