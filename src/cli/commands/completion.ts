import { Argument, type Command } from 'commander';
import { shells } from '../completion/scripts.js';
import type { Choose } from './choose.js';

export function addCompletion(program: Command, choose: Choose): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .description('print a script that adds completion for this command to a shell')
    .action((shell) => choose(async () => (await import('../verbs/completion.js')).completion(shell)));
}
