import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addReset(program: Command, choose: Choose): void {
  program
    .command('reset <name>')
    .description('reset the checkpoint: the next run rereads everything that the source still holds')
    .option(
      '--rejected',
      'only to the first page with events that were rejected, and are neither stored nor acknowledged',
    )
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/maintenance.js')).reset(context, name, options)),
    );
}
