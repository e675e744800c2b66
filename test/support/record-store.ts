import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemoAsa } from '../../demo/asa/server.js';
import { root } from '../../scripts/setup.mjs';
import { startPostgres } from './postgres.js';
import { fixtureDemo, postgresRows, sqliteFile, type Told, writeFixture } from './store-fixtures.js';

// Records test/fixtures/stores for the current versions of the schema. Run it before you add a migration.
const demo = await startDemoAsa({ ...fixtureDemo, port: 18_999 });
const postgres = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), 'trawl-record-'));

/** Runs the command in a separate process, since this one must answer as the demo team meanwhile. */
async function collected(store: string | undefined): Promise<Told> {
  const place = mkdtempSync(join(folder, 'place-'));
  mkdirSync(join(place, 'sink'));
  const { PATH = '', HOME = '' } = process.env;
  const asa = {
    ASA_TEAM: demo.team,
    ASA_KEY_ID: demo.keyId,
    ASA_KEY_SECRET: demo.keySecret,
    ASA_BASE_URL: demo.baseUrl,
  };
  const env = { PATH, HOME, ...asa, TRAWL_DATA: join(folder, 'data'), ...(store ? { TRAWL_STORE: store } : {}) };
  const trawl = async (...args: string[]) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'trawl'), ...args], { cwd: place, env });
    child.stderr.pipe(process.stderr);
    let text = '';
    for await (const part of child.stdout.setEncoding('utf8')) text += part;
    return text;
  };
  await trawl('env', 'set', 'asa', 'searchCount=100');
  await trawl('env', 'set', 'sink:archive', 'kind=files', `path=${join(place, 'sink')}`);
  await trawl('env', 'set', 'asa', 'offload=archive');
  await trawl('collect', 'asa');
  await trawl('offload', 'asa');
  const events = (await trawl('events', 'asa', '--format', 'ndjson')).trim().split('\n');
  return {
    events,
    log: JSON.parse(await trawl('log', 'asa', '--json')),
    env: JSON.parse(await trawl('env', 'get', '--json')),
  };
}

try {
  const ofSqlite = await collected(undefined);
  const { version, file } = sqliteFile(join(folder, 'data', 'trawl.db'));
  writeFixture('sqlite', version, { ...ofSqlite, file });
  const ofPostgres = await collected(postgres.url);
  const { version: schema, tables } = await postgresRows(postgres.url);
  writeFixture('postgres', schema, { ...ofPostgres, tables });
  console.error(`SQLite version ${version}, PostgreSQL version ${schema}`);
} finally {
  await postgres.remove();
  await demo.close();
  rmSync(folder, { recursive: true, force: true });
}
