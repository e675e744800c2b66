import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption, wholeNumber } from './options.js';

export function addQuery(program: Command, choose: Choose): void {
  program
    .command('query [sql]')
    .description('run SQL on the store, which it cannot change; without SQL, ask for statements')
    .addOption(jsonOption())
    .option('--csv', 'write the result as CSV')
    .option('--seconds <seconds>', 'time for a statement', wholeNumber(1, 86_400), 60)
    .action((sql, options) =>
      choose(async (context) => (await import('../verbs/query.js')).query(context, sql, options)),
    );
}
