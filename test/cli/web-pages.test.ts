import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { type ListeningAt, listeningPlaces, post } from '../support/web-page.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** In the form that both the HTTP API and the UI accept. */
const clearEvents = {
  workflowType: { name: 'clearEvents' },
  taskQueue: { name: 'audit-collection' },
  input: {
    payloads: [
      { metadata: { encoding: base64('json/plain') }, data: base64(JSON.stringify({ collector: 'asa', force: true })) },
    ],
  },
};

/** Requests, each of which would make the server clear the events. */
const requests = (id: string): [string, string][] => {
  const start = JSON.stringify({ ...clearEvents, requestId: id });
  const action = { startWorkflow: { ...clearEvents, workflowId: id } };
  const schedule = JSON.stringify({ schedule: { action, spec: { interval: [{ interval: '1s' }] } }, requestId: id });
  return [
    [`/api/v1/namespaces/default/workflows/${id}`, start],
    [`/namespaces/default/workflows/${id}`, start],
    [`/api/v1/namespaces/default/schedules/${id}`, schedule],
  ];
};

const origin = 'http://page.example';
const contentTypes = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json'];

/** Headers that any page can send, and those that a page can send whose own host name resolves to this machine. */
function headersOfPages({ host, port }: ListeningAt): Record<string, string>[] {
  const forms = contentTypes.map((type) => ({ 'content-type': type, origin }));
  const other = `page.example:${port}`;
  const rebound = { host: other, origin: `http://${other}`, 'content-type': 'application/json' };
  return [
    ...forms,
    ...['trawl.invalid', 'no host', '', 'localhost', `127.0.0.1:${port}`].flatMap((name) =>
      forms.map((form) => ({ ...form, host: name })),
    ),
    rebound,
    // A page may send these to its own origin as well, but it can only guess the address.
    ...(host === '127.0.0.1'
      ? [
          { ...rebound, authorization: 'Bearer x' },
          { ...rebound, cookie: '_csrf=x', 'x-csrf-token': 'x' },
        ]
      : []),
  ];
}

it('no web page and no plain request can start anything through any port of trawl up', async () => {
  const { place } = await Place.withDemo({ events: 700 });
  const up = await place.up('--cron', '@every 1h');
  await until('all is collected', async () => (await place.stored()) === 700, 90_000);
  const address = /Temporal {7}(\S+),/.exec(up.stdout)![1]!;
  const [, ui] = /Temporal UI {4}http:\/\/127\.0\.0\.1:(\d+)/.exec(up.stdout)!;
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  const started = async () => {
    const ids: string[] = [];
    for await (const { workflowId } of new Client({ connection }).workflow.list()) ids.push(workflowId);
    return ids.sort();
  };
  const before = await started();

  const places = listeningPlaces(up.child.pid!);
  // gRPC, UI, HTTP API, three of the server's services, health and the metrics of the SDK.
  expect(places.length).toBeGreaterThanOrEqual(8);
  expect(places).toContainEqual({ host: '127.0.0.1', port: Number(ui) });
  const taken: string[] = [];
  let sent = 0;
  for (const each of places) {
    for (const headers of headersOfPages(each)) {
      for (const [path, body] of requests(`page-${sent}`)) {
        sent += 1;
        const answer = await post(each, path, headers, body);
        if (answer && answer.status < 400) taken.push(`${each.host}:${each.port}${path} ${JSON.stringify(headers)}`);
      }
    }
  }
  // What programs send, without credentials, to any path of Trawl or of the server.
  const paths = [...requests('plain').map(([path]) => path), '/', '/healthz', '/decode', '/demo/faults'];
  for (const each of places) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const path of paths) {
        const headers = { host: `localhost:${each.port}`, 'content-type': 'application/json' };
        const answer = await post(each, path, headers, JSON.stringify(clearEvents), method);
        if (answer && answer.status < 400) taken.push(`${method} ${each.host}:${each.port}${path}`);
      }
    }
  }
  expect(taken).toEqual([]);
  const plain = await post({ host: '127.0.0.1', port: Number(ui) }, '/api/v1/x', {}, '{}');
  expect(plain).toMatchObject({ status: 403, body: expect.stringContaining('from its own pages only. Programs use') });
  expect(await started()).toEqual(before);
  expect(await place.exported()).toHaveLength(700);
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
}, 240_000);

it('the Temporal UI works under the names of this machine', async () => {
  const { place } = await Place.withDemo({ events: 1 });
  const up = await place.up();
  const [, url] = /Temporal UI {4}(\S+)/.exec(up.stdout)!;
  const page = await fetch(url!);
  expect(await page.text()).toContain('<html');
  const [cookie] = page.headers.getSetCookie();
  const [, token] = /_csrf=([^;]+)/.exec(cookie!)!;
  const headers = {
    cookie: `_csrf=${token}`,
    'x-csrf-token': token!,
    origin: url!,
    'content-type': 'application/json',
  };
  const path = '/api/v1/namespaces/default/workflows/audit-collection-asa/signal/resetCheckpoint';
  const signal = (name: string) =>
    post({ host: '127.0.0.1', port: Number(new URL(url!).port) }, path, { ...headers, host: name }, '{}');
  // The UI looks for the server once a second.
  await until('the UI takes the signal', async () => (await signal(new URL(url!).host))?.status === 200);
  expect(await signal('page.example')).toMatchObject({ status: 403 });
  up.signal('SIGINT');
  await up.ended;
}, 120_000);
