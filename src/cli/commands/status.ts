import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { duration, jsonOption } from './options.js';

export function addStatus(program: Command, choose: Choose): void {
  program
    .command('status [names...]')
    .description(
      'show whether each collector, or each of these, runs, how far it is behind, what is wrong, and what to do',
    )
    .option('--watch [every]', 'repeat until Ctrl-C (default: every 3s)', duration(1))
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/status.js')).status(context, names, options)),
    );
}
