import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestServer } from '../src/http/incoming.js';
import type { FetchedPage } from '../src/sources/source.js';
import { demoPages } from './demo-pages.js';
import type { FastTeamWanted } from './demo-teams.js';

/**
 * An ASA team of any size whose answers cost next to nothing: `fast-team.ts JSON`. It takes a few pages from the demo
 * team, and each answer is one of them with new ids and times written into its bytes. So a benchmark on the same
 * cores measures the collector, not the generation of events. Reports its address to its parent, and ends when it is
 * disconnected.
 */
const { events, latencyMs }: FastTeamWanted = JSON.parse(process.argv[2]!);
const pageEvents = 1_000;
const patterns = 20;
/** 12,500 events a day, as in `fill.ts`. */
const eventEveryMs = 6_912;
const pageCount = Math.max(1, Math.ceil(events / pageEvents));
const begunMs = Date.now() - events * eventEveryMs;

/** Positions of the values to replace in a page: ids of 24 characters, and the 19 of a time up to its seconds. */
interface Pattern {
  body: Buffer;
  ids: number[];
  times: number[];
}

const { team, pages } = await demoPages(patterns, pageEvents);
const made = pages.map(patternOf);
const server = requestServer(async (request, response, url) => {
  request.resume();
  if (request.method === 'POST') {
    const expires = new Date(Date.now() + 86_400_000).toISOString();
    return answer(
      response,
      Buffer.from(JSON.stringify({ bearer_token: 'fast', expires_at: expires, team_name: team.team })),
    );
  }
  if (latencyMs > 0) await sleep(latencyMs);
  const number = Number(url.searchParams.get('offset') ?? 0);
  if (number + 1 < pageCount) {
    url.searchParams.set('offset', String(number + 1));
    response.setHeader('link', `<${team.baseUrl}${url.pathname.slice(3)}${url.search}>; rel="next"`);
  }
  answer(response, page(number));
});
server.listen(0, '127.0.0.1', () => {
  team.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  process.send!(team);
});
process.on('disconnect', () => process.exit());

function answer(response: ServerResponse, body: Buffer): void {
  response.setHeader('content-type', 'application/json');
  response.end(body);
}

/** The last page has the rest of the events. */
function page(number: number): Buffer {
  const left = events - number * pageEvents;
  if (left < pageEvents) return lastPage(number, left);
  return written(number, made[number % patterns]!);
}

/** Ids are spread evenly, like the vendor's; a page has the same ids each time. */
function written(number: number, { body, ids, times }: Pattern): Buffer {
  const text = Buffer.from(body);
  for (const [index, at] of ids.entries()) {
    const position = number * pageEvents + index;
    text.write(idOf(position), at, 'latin1');
    text.write(new Date(begunMs + position * eventEveryMs).toISOString().slice(0, 19), times[index]!, 'latin1');
  }
  return text;
}

function lastPage(number: number, left: number): Buffer {
  const whole = JSON.parse(written(number, made[number % patterns]!).toString()) as { list: unknown[] };
  return Buffer.from(JSON.stringify({ ...whole, list: whole.list.slice(0, Math.max(0, left)) }));
}

function idOf(position: number): string {
  return createHash('md5').update(String(position)).digest('base64');
}

function patternOf({ body, content }: FetchedPage): Pattern {
  const bytes = Buffer.from(body);
  const place = (name: string, value: string) => {
    const at = bytes.indexOf(`"${name}":${JSON.stringify(value)}`);
    if (at < 0) throw new Error(`The demo team's page has no ${name} ${value}.`);
    return at + name.length + 4;
  };
  return {
    body: bytes,
    ids: content.events.map(({ id }) => place('id', id)),
    times: content.events.map(({ timestamp }) => place('timestamp', timestamp)),
  };
}
