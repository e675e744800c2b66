import { Argument, type Command } from 'commander';
import { shells } from '../completion/scripts.js';
import type { Choose } from './choose.js';

export function addCompletion(program: Command, choose: Choose): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .description('print what makes a shell complete the words of this command')
    .action((shell) => choose(async () => (await import('../verbs/completion.js')).completion(shell)));
}
