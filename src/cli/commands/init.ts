import { Argument, type Command } from 'commander';
import { sources } from '../../sources/registry.js';
import type { InitOptions } from '../verbs/init.js';
import type { Choose } from './choose.js';

export function addInit(program: Command, choose: Choose): void {
  program
    .command('init')
    .addArgument(new Argument('[source]', 'which API to collect from').choices(sources.map(({ kind }) => kind)))
    .description('set up a collector: asks for its credentials, writes .env, and tries them')
    .option('--set <NAME=VALUE...>', 'a setting that is no secret, by its environment variable')
    .option('--secret-file <NAME=PATH...>', 'a secret stays in this file; .env says where it is')
    .option('--secret-stdin <NAME>', 'a secret is read from standard input, and written into .env')
    .option('--force', 'replace what .env has of these settings without asking')
    .option('--no-check', 'do not try the settings')
    .action((source: string | undefined, options: InitOptions) =>
      choose(async (context) => (await import('../verbs/init.js')).init(context, source, options)),
    );
}
