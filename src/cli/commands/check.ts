import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addCheck(program: Command, choose: Choose): void {
  program
    .command('check [names...]')
    .description(
      'check the settings of each collector, or of these, with network, credentials, a first page, clock, store, sinks and Temporal; stores nothing',
    )
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/check.js')).check(context, names, options)),
    );
}
