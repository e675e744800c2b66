import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { Place } from '../support/cli.js';

/** The project plus the files that a page of the docs adds. */
function projectWithExample(pageName: string, registryFolder: string): string {
  const page = readFileSync(join(root, 'docs', pageName), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'trawl-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const parts = ['src', 'workflows', 'activities', 'demo', 'scripts', 'bin', 'package.json', 'package-lock.json'];
  for (const part of [...parts, 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [, path, code] of page.matchAll(/^```ts (\S+)\n([\s\S]*?)^```/gm)) {
    mkdirSync(dirname(join(folder, path!)), { recursive: true });
    writeFileSync(join(folder, path!), code!);
  }
  for (const [, diff] of page.matchAll(/^```diff\n([\s\S]*?)^```/gm)) {
    const removed = /^-(.*)$/m.exec(diff!)![1]!;
    const [file] = ['registry.ts', 'kinds.ts']
      .map((name) => join(folder, 'src', registryFolder, name))
      .filter((path) => existsSync(path) && readFileSync(path, 'utf8').includes(`\n${removed}\n`));
    expect(file, removed).toBeDefined();
    writeFileSync(file!, withDiff(diff!, readFileSync(file!, 'utf8')));
  }
  return folder;
}

/** What a diff adds before the line that it removes goes to the top; what it adds after it takes its place. */
function withDiff(diff: string, text: string): string {
  const lines = diff.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('-'));
  const added = (some: readonly string[]) => some.map((line) => `${line.replace(/^\+/, '')}\n`).join('');
  return `${added(lines.slice(0, at))}${text.replace(`${lines[at]!.slice(1)}\n`, added(lines.slice(at + 1)))}`;
}

it('the example in docs/adding-a-source.md compiles and collects', async () => {
  const events = Array.from({ length: 1_100 }, (_, nth) => {
    const second = String(nth % 60).padStart(2, '0');
    return `{"id":"e${nth}", "at":"2026-01-02T03:04:${second}Z","kind":"door.opened","who":"ada","n":1.50}`;
  });
  events.splice(600, 0, '{"id":"no time"}');
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://localhost');
    if (request.headers.authorization !== 'Bearer acme-token') {
      response.writeHead(401).end('{}');
      return;
    }
    const from = Number(searchParams.get('after') || '0');
    const chosen = events.slice(from, from + Number(searchParams.get('limit')));
    response.end(`{"events":[${chosen.join(',')}],"cursor":"${from + chosen.length}"}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());

  const place = new Place(projectWithExample('adding-a-source.md', 'sources'));
  place.env.ACME_BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  place.env.ACME_TOKEN = 'wrong';
  const refused = await place.run('check', 'acme');
  expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('set ACME_TOKEN') });
  place.env.ACME_TOKEN = 'acme-token';
  const collected = await place.run('collect', 'acme');
  expect(collected, collected.stderr).toMatchObject({ code: 0 });
  const lines = await place.exported('acme');
  expect(lines).toHaveLength(1_100);
  expect(lines[0]).toContain(`"raw_event":${events[0]}`);
  expect(JSON.parse(lines[0]!)).toMatchObject({ type: 'door.opened', actor: 'ada' });
  const { collectors } = JSON.parse((await place.run('status', '--json')).stdout);
  expect(collectors).toMatchObject([{ collector: 'acme', events: 1_100, rejected: 1 }]);
}, 180_000);

it('the example in docs/adding-a-sink.md compiles and accepts events', async () => {
  const received = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const isAllowed = request.headers.authorization === 'Bearer acme-token';
    if (isAllowed) received.set(String(request.headers['idempotency-key']), body);
    response.writeHead(isAllowed ? 202 : 401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());

  const { place, demo } = await Place.withDemo({ events: 300 }, {}, projectWithExample('adding-a-sink.md', 'sinks'));
  const url = `url=http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await place.run('env', 'set', 'sink:lines', 'kind=acme', url, 'maxBytes=20000');
  await place.run('env', 'set', 'asa', 'offload=lines', 'offloadWhen=own-schedule');
  place.env.TRAWL_SECRET_HOSTS = url.slice('url='.length);
  place.env.SINK_LINES_TOKEN = 'wrong';
  expect((await place.run('check', 'asa')).stdout).toContain('Check the credentials of the sink');
  place.env.SINK_LINES_TOKEN = 'acme-token';
  expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });
  const offloaded = await place.run('offload', 'asa');
  expect(offloaded, offloaded.stderr).toMatchObject({ code: 0 });
  expect(received.size).toBeGreaterThan(2);
  const lines = [...received.values()].join('').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).id as string)).toEqual([...demo.truth()].map(({ id }) => id));
}, 180_000);
