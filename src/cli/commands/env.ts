import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

const own = ['--own', 'of your own collectors, while the demo runs'] as const;

export function addEnv(program: Command, choose: Choose): void {
  const env = program.command('env').description('the Environment Variables table: settings of collectors and sinks');
  env
    .command('get [name]')
    .description('show settings')
    .option('--effective', 'what is in force, and whether it comes from the table, the environment, .env or a default')
    .addOption(jsonOption())
    .option(...own)
    .action((name, options) =>
      choose(async (context) => (await import('../verbs/env.js')).envGet(context, name, options)),
    );
  env
    .command('set <name> <assignments...>')
    .description('change settings: trawl env set asa searchCount=500')
    .addOption(jsonOption())
    .option(...own)
    .action((name, assignments, options) =>
      choose(async (context) => (await import('../verbs/env-set.js')).envSet(context, name, assignments, options)),
    );
  env
    .command('unset <name> <keys...>')
    .description('remove settings')
    .addOption(jsonOption())
    .option(...own)
    .action((name, keys, options) =>
      choose(async (context) => (await import('../verbs/env-set.js')).envUnset(context, name, keys, options)),
    );
}
