import { TrawlError } from '../../errors.js';
import { allOf, type Filter } from '../../filter/filter.js';
import { filterOf, parseFilter } from '../../filter/parse.js';
import type { EventFormat } from '../event-formats.js';
import { WrongCall } from '../wrong-call.js';

export interface EventsOptions {
  format?: EventFormat;
  wide?: boolean;
  where?: string[];
  since?: string;
  until?: string;
  type?: string;
  actor?: string;
  text?: string;
  oldest?: boolean;
  tail?: number;
  limit?: number;
  follow?: boolean;
}

/** What a call of `trawl events` asks for. */
export interface Asked {
  where: Filter;
  /** True if some events may be left out. */
  isFiltered: boolean;
  /** Undefined for a table. */
  format: EventFormat | undefined;
  /** Only so many of the newest; undefined for all, from the oldest on. */
  latest: number | undefined;
  /** True if events that are there already are not to be shown, apart from the `latest`. */
  fromNow: boolean;
}

/** Shown on a terminal unless the call says how many. */
const shownOnTerminal = 20;

/**
 * On a terminal, a call that selects nothing shows the newest events in a table. A filter, a format or a pipe gives all
 * events that match, in the order of storing.
 * @throws WrongCall
 */
export function askedFor(options: EventsOptions, onTerminal: boolean): Asked {
  const { format, wide, since, until, oldest, tail, limit, follow } = options;
  refuseContradictions(options);
  const where = wanted(options);
  const isFiltered = where.groups.length + where.excluded.length > 0 || since !== undefined || until !== undefined;
  const isTable = format === undefined && (onTerminal || wide === true);
  const isLook = isTable && onTerminal && !oldest;
  return {
    where,
    isFiltered,
    format: isTable ? undefined : (format ?? 'text'),
    latest: tail ?? (isLook && !isFiltered && !follow ? (limit ?? shownOnTerminal) : undefined),
    fromNow: follow === true && (tail !== undefined || (isLook && since === undefined)),
  };
}

function refuseContradictions({ format, wide, oldest, tail, limit, follow }: EventsOptions): void {
  if (follow && format === 'json')
    throw new WrongCall('A JSON array has an end, so it cannot be followed.', 'Use --format ndjson with --follow.');
  if (wide && format !== undefined)
    throw new WrongCall('--wide is for the table, and --format for another form.', 'Leave one of them out.');
  if (tail !== undefined && oldest)
    throw new WrongCall(
      '--tail shows the newest events, and --oldest begins with the first.',
      'Leave one of them out.',
    );
  if (tail !== undefined && limit !== undefined)
    throw new WrongCall('--tail and --limit both say how many events.', 'Leave one of them out.');
}

function wanted({ where = [], type, actor, text }: EventsOptions): Filter {
  try {
    return allOf([...where.map(parseFilter), filterOf('type', type), filterOf('actor', actor), filterOf('text', text)]);
  } catch (error) {
    throw error instanceof TrawlError ? new WrongCall(error.message, error.hint, error) : error;
  }
}
