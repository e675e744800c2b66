/** Words about an event. */
export const eventWords = [
  'user',
  'actor',
  'type',
  'host',
  'ip',
  'server',
  'client',
  'gateway',
  'group',
  'project',
  'id',
] as const;
/** Words about the collector of an event. */
const collectorWords = ['collector', 'source'] as const;

export type EventWord = (typeof eventWords)[number];
type CollectorWord = (typeof collectorWords)[number];
export type Word = EventWord | CollectorWord;
export const words: readonly Word[] = [...eventWords, ...collectorWords];

/**
 * How a text is compared: the whole of it, exactly; a part of it, in any case; or the whole of it, in any case, with a
 * pattern in which `*` stands for any characters.
 */
export interface Match {
  how: 'is' | 'contains' | 'like';
  text: string;
}

/** A condition on the columns of a word, or on all of the event (`text`). */
export interface Term<Of extends string = Word | 'text'> {
  of: Of;
  match: Match;
}

/** Selects events: those that match at least one term of each group, and none of the excluded terms. */
export interface Filter<Of extends string = Word | 'text'> {
  groups: readonly (readonly Term<Of>[])[];
  excluded: readonly Term<Of>[];
}

/** A filter of the events of one collector. */
export type OwnFilter = Filter<EventWord | 'text'>;

/** Selects the events that all of the filters select. */
export function allOf(filters: readonly Filter[]): Filter {
  return {
    groups: filters.flatMap(({ groups }) => groups),
    excluded: filters.flatMap(({ excluded }) => excluded),
  };
}

/** The rest of the filter for the events of a collector; null if it selects none of them. */
export function ofCollector(
  { groups, excluded }: Filter,
  collector: Readonly<Record<CollectorWord, string>>,
): OwnFilter | null {
  const fits = (term: Term) => !isOwn(term) && matches(term.match, collector[term.of as CollectorWord]);
  if (excluded.some(fits)) return null;
  const open = groups.filter((group) => !group.some(fits)).map((group) => group.filter(isOwn));
  return open.some((group) => group.length === 0) ? null : { groups: open, excluded: excluded.filter(isOwn) };
}

function isOwn(term: Term): term is Term<EventWord | 'text'> {
  return !(collectorWords as readonly string[]).includes(term.of);
}

function matches({ how, text }: Match, value: string): boolean {
  if (how === 'is') return value === text;
  const [wanted, found] = [text.toLowerCase(), value.toLowerCase()];
  return how === 'contains' ? found.includes(wanted) : isLike(found, wanted);
}

/** Takes each part at its first place, which leaves the most room for those after it. */
function isLike(value: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = value.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
