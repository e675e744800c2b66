import type { Command } from 'commander';
import type { Choose } from './choose.js';

export function addProof(program: Command, choose: Choose): void {
  const proof = program
    .command('proof')
    .description('the key of the proof of completeness, and what follows a restore');
  proof
    .command('key <file>')
    .description('make a key for TRAWL_PROOF_KEY_FILE in a new file, and print the key that checks its signatures')
    .option('--as <owner>', 'whose key it is, such as trawl.example.com; signatures show it (default: trawl)')
    .option(
      '--rotate',
      'put a new key before those of the file: it signs from then on, the older one beside it for a day',
    )
    .action((file, options) => choose(async () => (await import('../verbs/proof.js')).proofKey(file, options)));
  proof
    .command('continue <name>')
    .description(
      'go on with the proof of a store that was set back, and sign again: a new epoch begins, which says what was lost',
    )
    .action((name) =>
      choose(async (context) => (await import('../verbs/proof-continue.js')).proofContinue(context, name)),
    );
}
