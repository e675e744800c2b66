import { Argument, type Command } from 'commander';
import { sourceKinds } from '../../sources/kinds.js';
import type { InitOptions } from '../verbs/init.js';
import type { Choose } from './choose.js';

export function addInit(program: Command, choose: Choose): void {
  program
    .command('init')
    .addArgument(
      new Argument(
        '[source]',
        `API to collect from: ${sourceKinds.map(({ kind, title }) => `${kind} (${title})`).join(', ')}`,
      ).choices(sourceKinds.map(({ kind }) => kind)),
    )
    .description('set up a collector: ask for its credentials, write them into .env, and check them')
    .option('--name <name>', 'of a second team or account of the source: its settings go to the table')
    .option('--set <NAME=VALUE...>', 'a setting that is not a secret, by its environment variable')
    .option('--secret-file <NAME=PATH...>', 'file that contains a secret; .env gets only its path')
    .option('--secret-stdin <NAME>', 'read a secret from standard input, and write it into .env')
    .option('--force', 'replace existing values without asking')
    .option('--own', 'with --name: even while the demo runs')
    .option('--no-check', 'do not check the settings')
    .action((source: string | undefined, options: InitOptions) =>
      choose(async (context) => (await import('../verbs/init.js')).init(context, source, options)),
    );
}
