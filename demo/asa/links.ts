import { Random } from '../random.js';

/** Styles of the `Link` header. All but `foreign-host` mean the same to a client that follows RFC 8288. */
export const linkStyles = [
  'single',
  'multiple',
  'prev-first',
  'offset-first',
  'offset-last',
  'unquoted',
  'extra-params',
  'comma-in-url',
  'relative',
  'relative-query',
  'several-rels',
  'upper-case',
  'spaced',
  'valueless-param',
  'random',
  'foreign-host',
] as const;

/**
 * `random` uses a different style for each page, always the same for the same page; `foreign-host` makes the next link
 * lead to `foreignHost`.
 */
export type LinkStyle = (typeof linkStyles)[number];

/** A host to which a client must not send its token. */
export const foreignHost = 'audits.elsewhere.invalid';

const honest = linkStyles.filter((style) => style !== 'random' && style !== 'foreign-host');

/** Forms whose link before the next one misleads a weak parser. */
const nextLast: ReadonlySet<LinkStyle> = new Set(['prev-first', 'extra-params', 'spaced', 'valueless-param']);

export interface LinkTarget {
  rel: 'next' | 'prev';
  /** Name and value of each parameter, in the order in which Go sorts them. */
  query: readonly [name: string, value: string][];
}

/**
 * The values of the `Link` headers of one answer; none if there are no targets.
 *
 * @param place URL of the endpoint, without a query.
 */
export function linkHeaders(targets: readonly LinkTarget[], place: URL, style: LinkStyle, seed: number): string[] {
  if (targets.length === 0) return [];
  const form = style === 'random' ? new Random(seed, 0, 0x11b5).pick(honest) : style;
  const links = targets.map((target) => `<${urlOf(target, place, form)}>${paramsOf(target, form)}`);
  if (form === 'multiple') return links;
  if (nextLast.has(form)) links.reverse();
  return [links.join(form === 'spaced' ? ' ,\t' : ', ')];
}

function urlOf({ rel, query }: LinkTarget, place: URL, form: LinkStyle): string {
  const isOffset = ([name]: readonly [string, string]): boolean => name === 'offset';
  const others = query.filter((pair) => !isOffset(pair));
  const offset = query.filter(isOffset);
  const ordered =
    form === 'offset-first' ? [...offset, ...others] : form === 'offset-last' ? [...others, ...offset] : query;
  const pairs = ordered.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  if (form === 'comma-in-url') pairs.unshift('fields=id,timestamp,details');
  const search = `?${pairs.join('&')}`;
  if (form === 'relative-query') return search;
  if (form === 'relative') return place.pathname + search;
  if (form === 'foreign-host' && rel === 'next') return `${place.protocol}//${foreignHost}${place.pathname}${search}`;
  return place.origin + place.pathname + search;
}

function paramsOf({ rel }: LinkTarget, form: LinkStyle): string {
  switch (form) {
    case 'unquoted':
      return `; rel=${rel}`;
    case 'several-rels':
      return rel === 'next' ? '; rel="next last"' : '; rel="first prev"';
    case 'upper-case':
      return `; REL="${rel.toUpperCase()}"`;
    case 'spaced':
      return ` ;\trel="${rel}" ; type="application/json"`;
    case 'extra-params':
      // The title's text is not a rel, though it reads like one.
      return `; title="oldest, then newer; rel=\\"next\\""; rel="${rel}"; hreflang=en`;
    case 'valueless-param':
      return `; rel="${rel}"; signed`;
    default:
      return `; rel="${rel}"`;
  }
}
