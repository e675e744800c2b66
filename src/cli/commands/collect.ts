import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addCollect(program: Command, choose: Choose): void {
  program
    .command('collect [names...]')
    .description('collect now, and end when caught up')
    .option('--all', 'for every collector, side by side')
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/collect.js')).collect(context, names, options)),
    );
}
