import { describe, expect, it, vi } from 'vitest';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/http/client.js';
import { resolveCollector } from '../../src/settings/collector.js';
import { asa } from '../../src/sources/asa/source.js';

const env = { ASA_TEAM: 't', ASA_KEY_ID: 'k', ASA_KEY_SECRET: 'cw==', ASA_BASE_URL: 'http://asa.test/v1' };

/** A team whose pages are linked as given: offset to next offset. */
function clientOf(
  links: Record<string, string>,
  asked: string[] = [],
  fails: (offset: string) => boolean = () => false,
) {
  const json = (value: unknown, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
    status: 200,
    headers,
    body: Buffer.from(JSON.stringify(value)),
  });
  const http = {
    async request({ url, signal }: HttpRequest): Promise<HttpAnswer> {
      const { pathname, searchParams, origin } = new URL(url);
      if (pathname.endsWith('/service_token')) return json({ bearer_token: 'x', expires_at: '2099-01-01T00:00:00Z' });
      const offset = searchParams.get('offset') ?? '';
      asked.push(offset);
      signal?.addEventListener('abort', () => asked.push(`${offset} abandoned`));
      if (fails(offset)) throw new Error(`${offset} fails`);
      if (offset === 'never') return new Promise(() => {});
      const next = links[offset];
      const link = `<${origin}${pathname}?count=1000&offset=${next}>; rel="next"`;
      return json({ list: [], related_objects: {} }, next === undefined ? {} : { link: [link] });
    },
  };
  return asa.open(resolveCollector('asa', [asa], {}, env).values, http as unknown as HttpClient);
}

it('a walk whose links form a circle ends and reports it', async () => {
  const client = clientOf({ '': 'a', a: 'b', b: 'c', c: 'a' });
  expect(await client.fetchPage('a')).toMatchObject({ nextOffset: 'b', more: true });
  expect(await client.fetchPage('b')).toMatchObject({ nextOffset: 'c', more: true });
  const last = await client.fetchPage('c');
  expect(last).toMatchObject({ nextOffset: 'c', more: false, warning: expect.stringMatching(/^STUCK: .*"a"/) });
});

it('a link back to the page itself is the end for now, without a warning', async () => {
  const page = await clientOf({ a: 'a' }).fetchPage('a');
  expect(page).toMatchObject({ nextOffset: 'a', more: false });
  expect(page.warning).toBeUndefined();
});

describe('the page after', () => {
  const links = { '': 'a', a: 'b' };

  it('is requested once, as soon as the page before it has arrived', async () => {
    const asked: string[] = [];
    const client = clientOf(links, asked);
    expect(await client.fetchPage('')).toMatchObject({ nextOffset: 'a', requests: 1 });
    await vi.waitFor(() => expect(asked).toEqual(['', 'a']));
    expect(await client.fetchPage('a')).toMatchObject({ nextOffset: 'b', requests: 1 });
    expect(await client.fetchPage('b')).toMatchObject({ nextOffset: 'b', more: false });
    await vi.waitFor(() => expect(asked).toEqual(['', 'a', 'b']));
  });

  it('is abandoned if another one is wanted', async () => {
    const asked: string[] = [];
    const client = clientOf(links, asked);
    await client.fetchPage('');
    await vi.waitFor(() => expect(asked).toEqual(['', 'a']));
    await client.fetchPage('b');
    await vi.waitFor(() => expect(asked).toEqual(['', 'a', 'a abandoned', 'b']));
  });

  it('fails only when it is wanted, and is then requested again', async () => {
    const asked: string[] = [];
    let failing = true;
    const client = clientOf(links, asked, (offset) => failing && offset === 'a');
    await client.fetchPage('');
    await expect(client.fetchPage('a')).rejects.toThrow('a fails');
    failing = false;
    expect(await client.fetchPage('a')).toMatchObject({ nextOffset: 'b' });
    await vi.waitFor(() => expect(asked).toEqual(['', 'a', 'a', 'b']));
  });

  it('is not waited for after its caller has given up', async () => {
    const asked: string[] = [];
    const client = clientOf({ '': 'never' }, asked);
    await client.fetchPage('');
    await vi.waitFor(() => expect(asked).toEqual(['', 'never']));
    const abort = new AbortController();
    const page = client.fetchPage('never', abort.signal);
    abort.abort(new Error('over'));
    await expect(page).rejects.toThrow('over');
    await vi.waitFor(() => expect(asked).toEqual(['', 'never', 'never abandoned']));
  });
});
