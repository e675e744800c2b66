import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addCollect(program: Command, choose: Choose): void {
  program
    .command('collect <name>')
    .description('collect now, and end when caught up')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/collect.js')).collect(context, name, options)),
    );
}
