import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addCheck(program: Command, choose: Choose): void {
  program
    .command('check <name>')
    .description('check settings, network, credentials, a first page, clock, store, sinks and Temporal; stores nothing')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/check.js')).check(context, name, options)),
    );
}
