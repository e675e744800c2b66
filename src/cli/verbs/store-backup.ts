import { TrawlError } from '../../errors.js';
import { type Aside, type BackedUp, backUp, restore } from '../../stores/sqlite/backup.js';
import { runningInstance } from '../../temporal/instance.js';
import type { Context } from '../context.js';
import { print, printJson, table, tell } from '../output.js';

interface BackupOptions {
  force?: boolean;
  json?: boolean;
}

/** `trawl store backup FILE` */
export async function storeBackup(context: Context, file: string, options: BackupOptions): Promise<number> {
  const path = sqlitePath(context, 'pg_dump --format=custom --file=FILE "$TRAWL_STORE"');
  context.closeFilesToOthers();
  tell(`Copying ${path} …`);
  const found = backUp(path, file, options);
  if (options.json) await printJson({ file, ...found });
  else {
    await print(collectorsTable(found));
    tellAside(found);
    tell(`${file}: ${megabytes(found)}, read back without an error.`);
  }
  return 0;
}

/** `trawl store restore FILE` */
export async function storeRestore(context: Context, file: string, options: BackupOptions): Promise<number> {
  const path = sqlitePath(context, 'pg_restore --clean --if-exists --dbname="$TRAWL_STORE" FILE');
  if (runningInstance(context.settings.dataDir)) {
    throw new TrawlError('BACKUP_REFUSED', `"trawl up" runs in ${context.settings.dataDir}.`, {
      hint: 'End it first (Ctrl-C), and every other worker of this store.',
    });
  }
  context.closeFilesToOthers();
  const { replaced, ...found } = restore(file, path, options);
  if (options.json) await printJson({ file, store: path, replaced, ...found });
  else {
    await print(collectorsTable(found));
    tellAside(found);
    tell(`${path} now has the contents of ${file}${replaced ? `; the previous store is ${replaced}` : ''}.`);
    tell('Collecting continues from these checkpoints: later events are read again, if the source still has them.');
    for (const { collector, sink, lastSeq } of found.sinks)
      tell(
        `${collector}: the sink ${sink} may have batches after event ${lastSeq}, which are sent again: docs/backup.md says what to do.`,
      );
  }
  return 0;
}

function sqlitePath({ settings: { store } }: Context, command: string): string {
  if (store.kind === 'sqlite') return store.path;
  throw new TrawlError('BACKUP_REFUSED', `The store ${store.name} is PostgreSQL, which has its own backup tools.`, {
    hint: `Use ${command}; docs/backup.md says more.`,
  });
}

function tellAside({ aside }: Aside): void {
  for (const path of aside) tell(`A file of a previous database was left behind; it is now ${path}.`);
}

function collectorsTable({ collectors }: BackedUp): string {
  return table(
    ['COLLECTOR', 'EVENTS', 'LAST EVENT', 'CHECKPOINT OF'],
    collectors.map(({ collector, events, lastSeq, lastDateTime }) => [
      collector,
      events.toLocaleString('en'),
      String(lastSeq),
      lastDateTime ?? '-',
    ]),
  );
}

function megabytes({ bytes }: BackedUp): string {
  return `${(bytes / 1_000_000).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;
}
