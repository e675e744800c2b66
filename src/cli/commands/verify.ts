import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, positiveNumber } from './options.js';

export function addVerify(program: Command, choose: Choose): void {
  program
    .command('verify [names...]')
    .description(
      'recompute the proof of completeness of each collector, or of these, from the store: was an event, a page of the ledger or a reject changed, inserted or removed?',
    )
    .option('--head <file>', 'a head that was kept elsewhere: what was stored before then must still be the same')
    .option(
      '--key <vkey>',
      'the heads must be signed by this key (NAME+ID+KEY), which "trawl proof key" has printed, or by one that it has named since; may be repeated',
      (vkey: string, before: string[] = []) => [...before, vkey],
    )
    .option(
      '--files <place>',
      'compare offloaded files, too: a folder, a file, or sink:NAME for the objects of a sink; may be repeated',
      (place: string, before: string[] = []) => [...before, place],
    )
    .option(
      '--against-source',
      'read all that the source still holds, and compare it with the store; the outcome becomes an entry of the journal',
    )
    .option('--event <seq>', 'prove that one event is among those that the newest head stands for', positiveNumber)
    .option('--proof <file>', 'write the proof of that event to a new file (C2SP tlog-proof)')
    .option('--save-head <file>', 'write the head of the journal to a new file, to be kept elsewhere')
    .addOption(jsonOption())
    .action((names, options) =>
      choose(async (context) => (await import('../verbs/verify.js')).verify(context, names, options)),
    );
}
