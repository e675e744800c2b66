import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { duration, jsonOption } from './options.js';

export function addStart(program: Command, choose: Choose): void {
  program
    .command('start [names...]')
    .description('start the recurring collection')
    .option('--all', 'for every collector')
    .option('--cron <cron>', 'when to collect (default: every 5 minutes)')
    .option('--schedule', 'by a Temporal Schedule instead of a workflow on cron')
    .option('--no-schedule', 'by a workflow on cron instead of a Temporal Schedule')
    .option('--jitter <duration>', 'with a Schedule: random delay of each run, up to this (default: 30s)', duration(0))
    .option(
      '--catchup-window <duration>',
      'with a Schedule: how late a missed run may still begin (default: 10m)',
      // The server takes less for ten seconds.
      duration(10),
    )
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/recurring.js')).start(context, names, options)),
    );
}
