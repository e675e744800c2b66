import type { Command } from 'commander';
import type { Choose } from './choose.js';

export function addReset(program: Command, choose: Choose): void {
  program
    .command('reset <name>')
    .description('reset the checkpoint: the next run rereads everything that the source still holds')
    .action((name) => choose(async (context) => (await import('../verbs/maintenance.js')).reset(context, name)));
}
