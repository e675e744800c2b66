import { PostgresStore } from '../../src/stores/postgres/store.js';
import { blockThatBegins } from './doc-blocks.js';
import { createDatabase, onServer } from './postgres.js';

/** The URLs of a database, by role. */
interface Urls {
  superuser: string;
  owner: string;
  collector: string;
  reader: string;
}

/** A new database with the tables and the roles of docs/postgres.md. */
export interface RolesDatabase extends Urls {
  /** Runs a statement of the page, such as the grants, as it is written there. */
  run(title: string, url: string): Promise<void>;
  /** Makes another one with the same roles, in a fraction of the time. Nobody may be connected to this one. */
  copy(): Promise<Urls & { remove(): Promise<void> }>;
  remove(): Promise<void>;
}

/** A database with the tables, and empties it again. */
export type LentDatabase = Urls & { giveBack(): Promise<void> };

/** Copies that are emptied after use and then lent again, since a new one costs many times as much. */
export class LentDatabases {
  readonly #roles: RolesDatabase;
  readonly #free: (Urls & { remove(): Promise<void> })[] = [];

  constructor(roles: RolesDatabase) {
    this.#roles = roles;
  }

  async lend(): Promise<LentDatabase> {
    const copy = this.#free.pop() ?? (await this.#roles.copy());
    return {
      ...copy,
      giveBack: async () => {
        await onServer(copy.owner, emptyTables);
        this.#free.push(copy);
      },
    };
  }

  async remove(): Promise<void> {
    for (const copy of this.#free.splice(0)) await copy.remove();
  }
}

/** Of the state of a new database, only partitions that have been made meanwhile differ. DELETE: a TRUNCATE makes new files. */
const emptyTables = `DO $$
  DECLARE name text;
  BEGIN
    FOR name IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
      AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('trawl_schema', 'store_identity')
    LOOP
      EXECUTE format('DELETE FROM %s', name);
    END LOOP;
    FOR name IN SELECT c.oid::regclass FROM pg_class c
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
    LOOP
      EXECUTE format('ALTER SEQUENCE %s RESTART', name);
    END LOOP;
  END $$`;

/** Makes them as the page says, with names of their own since roles belong to the whole server. */
export async function createRoles(serverUrl: string): Promise<RolesDatabase> {
  const database = await createDatabase(serverUrl);
  const name = new URL(database.url).pathname.slice(1);
  const of = (role: string) => `${role}_${name}`;
  const urls = (url: string) => {
    const as = (role: string) => Object.assign(new URL(url), { username: of(role), password: 'secret' }).href;
    return { superuser: url, owner: as('trawl'), collector: as('trawl_collector'), reader: as('trawl_reader') };
  };
  const roles = ['trawl', 'trawl_collector', 'trawl_reader'];
  const run = (title: string, url: string) =>
    onServer(
      url,
      blockThatBegins('docs/postgres.md', `-- ${title}\n`)
        .replaceAll('…', 'secret')
        .replaceAll(/\bsecurity\b/g, name)
        .replaceAll(/\btrawl\w*/g, (role) => (roles.includes(role) ? of(role) : role)),
    );
  const made = urls(database.url);
  await run('Roles', made.superuser);
  await (await PostgresStore.open({ url: made.owner, name: 'the test database', pool: 1 })).close();
  await run('Grants', made.owner);
  return {
    ...made,
    run,
    copy: async () => {
      const { url, remove } = await createDatabase(serverUrl, name);
      const copied = new URL(url).pathname.slice(1);
      // The only thing of a role that a database does not take along.
      const paths = roles.map((role) => `ALTER ROLE ${of(role)} IN DATABASE ${copied} SET search_path = audit`);
      await onServer(serverUrl, ...paths);
      return { ...urls(url), remove };
    },
    remove: async () => {
      await database.remove();
      await onServer(serverUrl, `DROP ROLE ${roles.map(of).join(', ')}`);
    },
  };
}
