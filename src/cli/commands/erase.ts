import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, wholeNumber } from './options.js';

export function addErase(program: Command, choose: Choose): void {
  program
    .command('erase <name>')
    .description(
      "delete one event for good, for a person's right to be forgotten: its hash stays, and the journal says why it is gone",
    )
    .requiredOption('--seq <number>', 'its sequence number', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .requiredOption('--reason <text>', 'why, without naming the person: it stays in the journal')
    .option('--yes', 'do not ask; required without a terminal')
    .addOption(jsonOption())
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/erase.js')).erase(context, name, options)),
    );
}
