import { expect, it } from 'vitest';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/http/client.js';
import { resolveCollector } from '../../src/settings/collector.js';
import { asa } from '../../src/sources/asa/source.js';

const env = { ASA_TEAM: 't', ASA_KEY_ID: 'k', ASA_KEY_SECRET: 'cw==', ASA_BASE_URL: 'http://asa.test/v1' };

/** A team whose pages are linked as told: offset to next offset. */
function clientOf(links: Record<string, string>) {
  const json = (value: unknown, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
    status: 200,
    headers,
    body: Buffer.from(JSON.stringify(value)),
  });
  const http = {
    async request({ url }: HttpRequest): Promise<HttpAnswer> {
      const { pathname, searchParams, origin } = new URL(url);
      if (pathname.endsWith('/service_token')) return json({ bearer_token: 'x', expires_at: '2099-01-01T00:00:00Z' });
      const next = links[searchParams.get('offset') ?? ''];
      const link = `<${origin}${pathname}?count=1000&offset=${next}>; rel="next"`;
      return json({ list: [], related_objects: {} }, next === undefined ? {} : { link: [link] });
    },
  };
  return asa.open(resolveCollector('asa', [asa], {}, env), http as unknown as HttpClient);
}

it('a walk whose links lead in a circle ends, and says so', async () => {
  const client = clientOf({ '': 'a', a: 'b', b: 'c', c: 'a' });
  expect(await client.fetchPage('a')).toMatchObject({ nextOffset: 'b', more: true });
  expect(await client.fetchPage('b')).toMatchObject({ nextOffset: 'c', more: true });
  const last = await client.fetchPage('c');
  expect(last).toMatchObject({ nextOffset: 'c', more: false, warning: expect.stringMatching(/^STUCK: .*"a"/) });
});

it('a link back to the page itself is the end so far, and nothing to tell', async () => {
  const page = await clientOf({ a: 'a' }).fetchPage('a');
  expect(page).toMatchObject({ nextOffset: 'a', more: false });
  expect(page.warning).toBeUndefined();
});
