import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import { type Link, parseLinks } from '../../http/links.js';

/**
 * U11 Get New Offset: the offset of the link whose rel is "next" (RFC 8288), or null if there is none.
 *
 * The whole header is parsed, so the order of parameters, quoting, several headers and commas inside a URL do not
 * matter. A link is accepted only if it leads to the place of the request.
 *
 * @param requestUrl the URL whose answer carried the header; relative references are resolved against it
 * @throws TrawlError LINK_REFUSED if the link leads elsewhere; not retried
 */
export function newOffset(linkHeaders: readonly string[], requestUrl: string): Offset | null {
  const next = linkHeaders.flatMap(parsed).find((link) => link.rels.includes('next'));
  return next === undefined ? null : offsetOfUrl(next.target, requestUrl);
}

function parsed(header: string): Link[] {
  try {
    return parseLinks(header);
  } catch (error) {
    throw new TrawlError('ANSWER_UNREADABLE', 'The Link header of an answer cannot be parsed.', {
      hint: 'The page is requested again; if this persists, check any proxy in between.',
      cause: error,
    });
  }
}

/**
 * U11a Process URL: the part of a link that must be sent to get its page.
 *
 * Usually that is the value of `offset`. If the link has further parameters, or the offset has control characters, it
 * is `?` and the query, still encoded. `count` is left out, since the setting decides it.
 */
export function offsetOfUrl(link: string, requestUrl: string): Offset {
  const from = new URL(requestUrl);
  const url = URL.canParse(link, requestUrl) ? new URL(link, requestUrl) : undefined;
  if (!url || !isSamePlace(url, from)) {
    throw new TrawlError(
      'LINK_REFUSED',
      `The link to the next page leads away from ${from.origin}${from.pathname}${url ? ` to ${url.origin}${url.pathname}` : ''}.`,
      {
        hint: 'It was not followed, so that no token is sent elsewhere. Set the base URL to the address in the links, or find out what rewrites them.',
      },
    );
  }
  const pairs = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && nameOf(pair) !== 'count');
  const offset =
    pairs.length === 1 && nameOf(pairs[0]!) === 'offset'
      ? decoded(pairs[0]!.slice(pairs[0]!.indexOf('=') + 1))
      : undefined;
  return offset && /^[^?\u0000-\u001f][^\u0000-\u001f]*$/.test(offset) ? offset : `?${pairs.join('&')}`;
}

/**
 * A server behind a proxy that ends TLS may not know of it, and link to `http`. Only the link's query is used, so the
 * next request goes through TLS all the same.
 */
function isSamePlace(url: URL, from: URL): boolean {
  if (url.pathname !== from.pathname || url.username + url.password !== '') return false;
  return url.origin === from.origin || isPlainLink(url, from);
}

function isPlainLink(url: URL, from: URL): boolean {
  return (
    url.protocol === 'http:' &&
    from.protocol === 'https:' &&
    url.hostname === from.hostname &&
    ['', from.port].includes(url.port)
  );
}

/** A warning if the link to the next page is plain HTTP though the API is read by TLS. */
export function linkWarning(linkHeaders: readonly string[], requestUrl: string): string | undefined {
  const next = linkHeaders.flatMap(parsed).find((link) => link.rels.includes('next'));
  if (!next || !URL.canParse(next.target, requestUrl)) return undefined;
  const [url, from] = [new URL(next.target, requestUrl), new URL(requestUrl)];
  if (!isPlainLink(url, from)) return undefined;
  return `The links to next pages begin with http: although ${from.origin} is read by TLS: only their query is used; something in between ends TLS without telling the API`;
}

/** The query of the request for the page at an offset. */
export function queryOf(offset: Offset, count: number): string {
  const query = offset.startsWith('?') ? offset.slice(1) : offset === '' ? '' : `offset=${encodeURIComponent(offset)}`;
  return query === '' ? `count=${count}` : `${query}&count=${count}`;
}

function nameOf(pair: string): string | undefined {
  return decoded(pair.split('=', 1)[0]!);
}

/** Percent-decodes a text. A bare `+` is kept, since offsets are base64. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
