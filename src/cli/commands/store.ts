import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addStore(program: Command, choose: Choose): void {
  const store = program.command('store').description('copy, back up and restore the store');
  store
    .command('copy <from> <to>')
    .description('copy a store into an empty one: sqlite:PATH or postgres://…; resumes an interrupted copy')
    .option('--force', 'even if collections into it are not stopped')
    .addOption(jsonOption())
    .action((from, to, options) =>
      choose(async (context) => (await import('../verbs/store.js')).storeCopy(context, from, to, options)),
    );
  store
    .command('backup <file>')
    .description('copy the current store into a file; collections may continue')
    .option('--force', 'replace the file')
    .addOption(jsonOption())
    .action((file, options) =>
      choose(async (context) => (await import('../verbs/store-backup.js')).storeBackup(context, file, options)),
    );
  store
    .command('restore <file>')
    .description('replace the store by a backup; the current store is kept beside it')
    .option('--force', 'even if the store has events')
    .addOption(jsonOption())
    .action((file, options) =>
      choose(async (context) => (await import('../verbs/store-backup.js')).storeRestore(context, file, options)),
    );
}
