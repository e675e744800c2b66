import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { wholeNumber } from './options.js';

export function addUp(program: Command, choose: Choose): void {
  program
    .command('up')
    .description('run everything on this machine: Temporal with its UI, a worker, and the recurring collections')
    .option(
      '--port <port>',
      'port of the Temporal server (default: 7233, or the next free one)',
      wholeNumber(1, 65_535),
    )
    .option('--ui-port <port>', 'port of the Temporal UI (default: 8233, or the next free one)', wholeNumber(1, 65_535))
    .option('--cron <cron>', 'when to collect (default: every 5 minutes; the demo team every minute)')
    .action((options) => choose(async (context) => (await import('../verbs/up.js')).up(context, options)));
}
