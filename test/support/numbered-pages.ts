import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An ASA API of numbered pages that have these events, and a link to this page, if any. */
export async function startNumberedPages(
  eventsOf: (page: number) => unknown[],
  nextOf: (page: number) => number | null = (page) => page + 1,
) {
  const requests: number[] = [];
  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
    answer.setHeader('content-type', 'application/json');
    if (url.pathname.endsWith('/service_token')) return answer.end('{"bearer_token":"t"}');
    const page = Number(url.searchParams.get('offset') ?? 0);
    requests.push(page);
    const next = nextOf(page);
    if (next !== null) answer.setHeader('link', `<${url.origin}${url.pathname}?offset=${next}>; rel="next"`);
    return answer.end(JSON.stringify({ list: eventsOf(page), related_objects: {} }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}
