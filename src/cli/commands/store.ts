import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { jsonOption } from './options.js';

export function addStore(program: Command, choose: Choose): void {
  const store = program.command('store').description('the store itself');
  store
    .command('copy <from> <to>')
    .description('copy a store into an empty one: sqlite:PATH or postgres://…; goes on with a copy that was broken off')
    .option('--force', 'also where collections into it are not stopped')
    .addOption(jsonOption())
    .action((from, to, options) =>
      choose(async (context) => (await import('../verbs/store.js')).storeCopy(context, from, to, options)),
    );
  store
    .command('backup <file>')
    .description('copy the store as it is now into a file, while it is being collected into')
    .option('--force', 'replace the file')
    .addOption(jsonOption())
    .action((file, options) =>
      choose(async (context) => (await import('../verbs/store-backup.js')).storeBackup(context, file, options)),
    );
  store
    .command('restore <file>')
    .description('put a backup in the place of the store; what is there now is kept beside it')
    .option('--force', 'also where the store has events')
    .addOption(jsonOption())
    .action((file, options) =>
      choose(async (context) => (await import('../verbs/store-backup.js')).storeRestore(context, file, options)),
    );
}
