import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import { type Link, parseLinks } from '../../http/links.js';

/**
 * U11 Get New Offset: the offset of the link whose rel is "next" (RFC 8288), or null where there is none.
 *
 * The whole header is parsed, so the order of parameters, quoting, several headers and commas inside a URL do not
 * matter. A link is taken only if it leads to the very place that was asked.
 *
 * @param requestUrl the URL whose answer carried the header; relative references are resolved against it.
 * @throws TrawlError LINK_REFUSED where the link leads elsewhere; not retried.
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
      hint: 'The page is asked for again; if it stays so, check any proxy between.',
      cause: error,
    });
  }
}

/**
 * U11a Process URL: what must be sent again to get the page that a link names.
 *
 * Mostly that is the value of `offset` alone. Where the link has further parameters, all of them are kept, as `?` and
 * the query (an offset with control characters is left encoded so too); `count` never is, since the setting decides it.
 */
export function offsetOfUrl(link: string, requestUrl: string): Offset {
  const from = new URL(requestUrl);
  const url = URL.canParse(link, requestUrl) ? new URL(link, requestUrl) : undefined;
  const same =
    url && url.origin === from.origin && url.pathname === from.pathname && url.username + url.password === '';
  if (!same) {
    throw new TrawlError(
      'LINK_REFUSED',
      `The link to the next page leads away from ${from.origin}${from.pathname}${url ? ` to ${url.origin}${url.pathname}` : ''}.`,
      {
        hint: 'It was not followed, so that no token goes elsewhere. Set the base URL to the address that the links name, or look for what rewrites them.',
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

/** The query of the request for the page at an offset. */
export function queryOf(offset: Offset, count: number): string {
  const query = offset.startsWith('?') ? offset.slice(1) : offset === '' ? '' : `offset=${encodeURIComponent(offset)}`;
  return query === '' ? `count=${count}` : `${query}&count=${count}`;
}

function nameOf(pair: string): string | undefined {
  return decoded(pair.split('=', 1)[0]!);
}

/** Percent-decoded; a bare `+` stays one, since offsets are base64. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
