import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addVerify(program: Command, choose: Choose): void {
  program
    .command('verify [names...]')
    .description(
      'recompute the proof of completeness of each collector, or of these, from the store: was an event, a page of the ledger or a reject changed, inserted or removed?',
    )
    .option('--head <file>', 'a head that was kept elsewhere: what was stored before then must still be the same')
    .option('--key <vkey>', 'the heads must be signed by this key (NAME+ID+KEY), which "trawl proof key" has printed')
    .option('--save-head <file>', 'write the head of the journal to a new file, to be kept elsewhere')
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/verify.js')).verify(context, names, options)),
    );
}
