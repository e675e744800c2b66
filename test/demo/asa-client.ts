import { expect } from 'vitest';
import type { DemoAsa } from '../../demo/asa/server.js';

/** A plain client of the ASA contract, separate from the collector's, so that neither hides the other's mistakes. */
export async function tokenOf(demo: DemoAsa): Promise<string> {
  const answer = await askToken(demo);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { bearer_token: string }).bearer_token;
}

export function askToken(
  demo: DemoAsa,
  { team = demo.team, keyId = demo.keyId, keySecret = demo.keySecret } = {},
): Promise<Response> {
  return fetch(`${demo.baseUrl}/teams/${team}/service_token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: keySecret }),
  });
}

export function auditsUrl(demo: DemoAsa, query = ''): string {
  return `${demo.baseUrl}/teams/${demo.team}/auditsV2${query}`;
}

export function ask(url: string, token: string, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
}

export interface ReadPage {
  url: string;
  text: string;
  next: string | undefined;
  prev: string | undefined;
}

export async function readPage(url: string, token: string): Promise<ReadPage> {
  const answer = await ask(url, token);
  expect(answer.status).toBe(200);
  const links = parseLinks(answer.headers.get('link') ?? '');
  const to = (rel: string): string | undefined => {
    const found = links.filter((link) => link.rels.includes(rel));
    expect(found.length).toBeLessThan(2);
    return found[0] && new URL(found[0].target, url).href;
  };
  return { url, text: await answer.text(), next: to('next'), prev: to('prev') };
}

/** Follows links of one rel, starting at a page, until there are no more. */
export async function walk(firstUrl: string, token: string, rel: 'next' | 'prev'): Promise<ReadPage[]> {
  const pages: ReadPage[] = [];
  for (let url: string | undefined = firstUrl; url !== undefined; url = pages.at(-1)![rel]) {
    expect(pages.length).toBeLessThan(1000);
    pages.push(await readPage(url, token));
  }
  return pages;
}

/** RFC 8288, appendix B.2. */
export function parseLinks(header: string): { target: string; rels: string[] }[] {
  const links: { target: string; rels: string[] }[] = [];
  let rest = header;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(rest);
    if (match) rest = rest.slice(match[0].length);
    return match;
  };
  for (;;) {
    take(/^[\s,]+/);
    if (rest === '') return links;
    const target = take(/^<([^>]*)>/);
    if (!target) throw new Error(`not a link: ${rest}`);
    let rel: string | undefined;
    for (;;) {
      const param = take(/^\s*;\s*([^\s=;,"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+)))?/);
      if (!param) break;
      if (param[1]!.toLowerCase() === 'rel') rel ??= (param[2] ?? param[3] ?? '').replace(/\\(.)/g, '$1');
    }
    links.push({ target: target[1]!, rels: (rel ?? '').toLowerCase().split(/\s+/) });
  }
}

/** The beginning of the body of a page that holds these events of the demo. */
export function listText(demo: DemoAsa, positions: readonly number[]): string {
  return `{"list":[${positions.map((position) => demo.eventText(position).text).join(',')}],"related_objects":{`;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
