import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { startDemoDescope } from '../../demo/descope/server.js';
import type { Fault } from '../../demo/faults.js';
import { startDemoSkyflow } from '../../demo/skyflow/server.js';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';

const faults: Fault[] = [
  { kind: 'html' },
  { kind: 'truncated' },
  { kind: 'reset' },
  { kind: 'empty' },
  { kind: 'token-expired' },
  { kind: 'status', status: 403, target: 'any' },
  { kind: 'status', status: 500, target: 'any' },
  { kind: 'status', status: 400 },
];

/** Every file under a folder, with its content. */
function* contents(folder: string): Generator<[string, Buffer]> {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, entry);
    if (existsSync(path) && statSync(path).isFile()) yield [path, readFileSync(path)];
  }
}

/** The command lines of all processes. */
function commandLines(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** A server that refuses everything with an answer that repeats what it was sent. */
async function echoing(): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    const said = JSON.stringify(incoming.headers);
    outgoing.writeHead(403, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify({ error: said, text: said, message: said, code: 4 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('no secret appears in a file, a message or the process list, whatever fails', async () => {
  const asa = await startDemoAsa({ events: 300, keySecret: 'bWFya2VkLWFzYS1zZWNyZXQtMDE=' });
  const descope = await startDemoDescope({ events: 200, managementKey: 'K2markedManagementKey0001' });
  const skyflow = await startDemoSkyflow({ events: 200 });
  for (const demo of [asa, descope, skyflow]) onTestFinished(() => demo.close());
  const credentials = skyflow.credentials();
  const marks = {
    'the ASA secret': asa.keySecret,
    'the Descope key': descope.managementKey,
    'the Skyflow private key': credentials.privateKey.split('\n')[3]!,
    'the Skyflow API key': skyflow.signIn.apiKey,
    'a wrong secret': 'd3JvbmctbWFya2VkLXNlY3JldA==',
    'a secret typed by mistake': 'marked-secret-typed-by-mistake',
    'the secret of S3': 'markedS3SecretAccessKey0001',
    'the token of Splunk': 'b1d0c0de-0000-4000-8000-marked000001',
    'the key of Elasticsearch': 'bWFya2VkLWVsYXN0aWMta2V5LTAwMQ==',
    'the secret of the webhook': 'marked-webhook-signing-secret-1',
    'the header of the webhook': 'Basic bWFya2VkOndlYmhvb2staGVhZGVy',
  };
  const echo = await echoing();
  const place = new Place();
  const secretFile = join(place.folder, '..', `${place.folder.split('/').at(-1)}-credentials.json`);
  writeFileSync(secretFile, JSON.stringify(credentials), { mode: 0o600 });
  onTestFinished(() => rmSync(secretFile));
  Object.assign(place.env, {
    ASA_TEAM: asa.team,
    ASA_KEY_ID: asa.keyId,
    ASA_KEY_SECRET: asa.keySecret,
    ASA_BASE_URL: asa.baseUrl,
    DESCOPE_PROJECT_ID: descope.projectId,
    DESCOPE_MANAGEMENT_KEY: descope.managementKey,
    DESCOPE_BASE_URL: descope.baseUrl,
    SKYFLOW_ACCOUNT_ID: skyflow.accountId,
    SKYFLOW_VAULT_URL: skyflow.vaultUrl,
    SKYFLOW_CREDENTIALS_FILE: secretFile,
    TRAWL_SECRET_WRONG: marks['a wrong secret'],
    TRAWL_SECRET_OTHER_API_KEY: skyflow.signIn.apiKey,
    TRAWL_SECRET_HOSTS: `${new URL(asa.baseUrl).origin},${new URL(skyflow.vaultUrl).origin}`,
    TRAWL_LOG_LEVEL: 'debug',
    SINK_S3_KIND: 's3',
    SINK_S3_BUCKET: 'audit',
    SINK_S3_ENDPOINT: echo,
    SINK_S3_ACCESS_KEY_ID: 'audit',
    SINK_S3_SECRET_ACCESS_KEY: marks['the secret of S3'],
    SINK_SPLUNK_KIND: 'splunk',
    SINK_SPLUNK_URL: echo,
    SINK_SPLUNK_TOKEN: marks['the token of Splunk'],
    SINK_ELASTIC_KIND: 'elasticsearch',
    SINK_ELASTIC_URL: echo,
    SINK_ELASTIC_API_KEY: marks['the key of Elasticsearch'],
    SINK_HOOK_KIND: 'webhook',
    SINK_HOOK_URL: `${echo}/hook`,
    SINK_HOOK_SIGNING_SECRET: marks['the secret of the webhook'],
    SINK_HOOK_AUTHORIZATION: marks['the header of the webhook'],
    SINK_AWAY_KIND: 'webhook',
    SINK_AWAY_URL: 'http://127.0.0.1:1/hook',
    SINK_AWAY_AUTHORIZATION: marks['the header of the webhook'],
  });
  for (const fault of faults) for (const demo of [asa, descope, skyflow]) demo.faults.add(fault);

  const said: string[] = [];
  const run = async (...args: string[]) => {
    const ended = await place.run(...args);
    said.push(ended.stdout, ended.stderr);
    return ended;
  };
  const typed = `asaKeySecret=${marks['a secret typed by mistake']}`;
  const env = { source: 'asa', asaTeam: asa.team, asaKeyId: asa.keyId, asaBaseUrl: asa.baseUrl };
  const rows = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  expect((await run('env', 'set', 'wrong', ...rows, 'asaKeySecretEnv=TRAWL_SECRET_WRONG')).code).toBe(0);
  const vault = ['source=skyflow', `skyflowAccountId=${skyflow.accountId}`, `skyflowVaultUrl=${skyflow.vaultUrl}`];
  expect((await run('env', 'set', 'vault', ...vault, 'skyflowApiKeyEnv=TRAWL_SECRET_OTHER_API_KEY')).code).toBe(0);
  expect((await run('env', 'set', 'asa', 'offload=s3,splunk,elastic,hook,away')).code).toBe(0);
  const up = await place.up('--cron', '@every 2s');
  const listed = commandLines();
  expect((await run('env', 'set', 'wrong', typed)).code).toBe(1);
  for (const name of ['asa', 'descope', 'skyflow', 'vault', 'wrong']) await run('check', name);
  const count = async (name: string) => (await place.exported(name)).length;
  await until('ASA is collected', async () => (await count('asa')) === 300, 90_000);
  await until('Skyflow is collected', async () => (await count('skyflow')) === 200, 90_000);
  await until('the vault is collected by key', async () => (await count('vault')) === 200, 90_000);
  const failed = async () =>
    JSON.parse((await run('status', '--json')).stdout).collectors.find(
      ({ collector }: { collector: string }) => collector === 'wrong',
    ).lastFailure;
  await until('the wrong key is told', async () => (await failed())?.includes('asaKeySecretEnv in the table'), 60_000);
  const failures = async () =>
    (JSON.parse((await run('status', '--json')).stdout).collectors[0].sinks as { failure: string | null }[]).filter(
      ({ failure }) => failure !== null,
    );
  await until('each sink has failed', async () => (await failures()).length === 5, 60_000);
  await run('log', '--limit', '1000');
  await run('env', 'get', '--json');
  up.signal('SIGTERM');
  const { stdout, stderr } = await up.ended;
  said.push(stdout, stderr);

  const found: string[] = [];
  const search = (where: string, held: Buffer) => {
    for (const [what, mark] of Object.entries(marks)) {
      const forms = [
        mark,
        Buffer.from(mark).toString('base64'),
        encodeURIComponent(mark),
        JSON.stringify(mark).slice(1, -1),
      ];
      if (forms.some((form) => held.includes(form))) found.push(`${what} is in ${where}`);
    }
    if (/Bearer [\w-]{8}|BEGIN (RSA )?PRIVATE/.test(held.toString('latin1'))) found.push(`a token is in ${where}`);
  };
  const files = [...contents(place.folder)];
  // Values that are not secret are found, so the search works.
  expect(files.filter(([, held]) => held.includes('audit-collection-vault')).map(([path]) => path)).toContainEqual(
    expect.stringContaining('temporal.db'),
  );
  for (const [path, held] of files) search(path, held);
  search('what was printed', Buffer.from(said.join('\n')));
  // The mistaken assignment was on this test's own command line, and that process has ended.
  search('the process list', Buffer.from(listed));
  expect(found).toEqual([]);
}, 300_000);
