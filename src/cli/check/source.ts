import { counted } from '../../counted.js';
import type { Rejected } from '../../domain.js';
import { type ErrorCode, TrawlError } from '../../errors.js';
import { answerBounds, type Exchange, HttpClient } from '../../http/client.js';
import type { CollectorSettings } from '../../settings/collector.js';
import { openSource } from '../../sources/open.js';
import { sourceOf } from '../../sources/registry.js';
import type { FetchedPage, SourceClient } from '../../sources/source.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { checkClock } from './clock.js';
import type { CheckLines } from './lines.js';
import { checkNetwork } from './network.js';

/** Timeout for a first page. */
const pageMaxMs = 60_000;

const ofPage = ['credentials', 'role', 'first page'] as const;

/** The checks that need the settings, in order. */
export const sourceChecks = ['name resolution', 'TLS', ...ofPage, 'clock'] as const;

/** Checks a source, from the network to a first page. Nothing is stored. */
export async function checkSource(
  context: Context,
  lines: CheckLines,
  settings: CollectorSettings,
  store: Store | undefined,
): Promise<void> {
  const { env, tuning } = context.settings;
  const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
  context.onClose(() => http.close());
  let last: Exchange | undefined;
  let asked = '';
  const source = sourceOf(settings.source);
  const observed = http.observed((exchange) => {
    asked = exchange.url;
    if (exchange.status !== undefined) last = exchange;
  });
  const client = openSource(source, settings, observed);
  const url = client.place.split(' ', 1)[0]!;
  const reached = await checkNetwork(lines, new URL(url), env);
  if (!reached) {
    for (const check of [...ofPage, 'clock']) lines.skipped(check, 'the source cannot be reached');
    return;
  }
  // Not counted, since that would change the store. A walk that exceeds the limit by this one request then waits.
  const waitMs = source.requestLimit && store ? await store.requestWait(client.place, source.requestLimit) : 0;
  // A request to another place was for a token.
  await checkPage(lines, client, waitMs, () => asked !== '' && !asked.startsWith(url));
  checkClock(lines, last);
}

async function checkPage(
  lines: CheckLines,
  client: SourceClient,
  waitMs: number,
  failedAtToken: () => boolean,
): Promise<void> {
  const signal = AbortSignal.timeout(pageMaxMs);
  try {
    if (waitMs > 0) throw limited(waitMs);
    const page = await client.fetchPage('', signal);
    lines.passed('credentials', 'accepted');
    lines.passed('role', 'may read the audit log');
    const { events, rejected } = page.content;
    if (events.length === 0 && rejected.length > 0) lines.failed('first page', nothingFits(client.place, rejected));
    else lines.passed('first page', `${client.place}: ${inWords(page)}`);
  } catch (error) {
    const failed = failedAtToken() ? 'credentials' : (failedCheck[(error as TrawlError).code] ?? 'first page');
    for (const check of ofPage) {
      if (check === failed) lines.failed(check, signal.aborted ? tooLate(client.place) : error);
      else if (failed === 'role' && check === 'credentials') lines.passed(check, 'accepted');
      else lines.skipped(check, `unknown: see "${failed}"`);
    }
  }
}

/** The check that fails with each code. */
const failedCheck: Partial<Record<ErrorCode, 'credentials' | 'role'>> = {
  CREDENTIALS_REFUSED: 'credentials',
  TOKEN_REFUSED: 'credentials',
  ACCESS_DENIED: 'role',
};

function nothingFits(place: string, rejected: readonly Rejected[]): TrawlError {
  const [{ reason }] = rejected as [Rejected];
  return new TrawlError(
    'ANSWER_UNREADABLE',
    `${place}: ${rejected.length === 1 ? 'the only event does not fit' : `none of the ${counted(rejected.length, 'event')} fits`} (${reason}).`,
    {
      hint: 'Check that the settings name the right API and version. If they do, the vendor has changed its events: report it.',
    },
  );
}

function inWords({ content: { events, rejected }, more }: FetchedPage): string {
  const unfit = rejected.length > 0 ? `, ${rejected.length} that cannot be parsed` : '';
  return `${counted(events.length, 'event')}${unfit}${more ? ', and more after them' : ''}`;
}

function tooLate(place: string): TrawlError {
  return new TrawlError('SOURCE_UNAVAILABLE', `${place} has not returned a page within ${pageMaxMs / 1000} s.`, {
    hint: 'Try again. If it persists, check the network, or request smaller pages (searchCount).',
  });
}

function limited(waitMs: number): TrawlError {
  return new TrawlError('RATE_LIMITED', 'The source allows no further request now.', {
    hint: `Try again in ${Math.ceil(waitMs / 1000)} s.`,
  });
}
