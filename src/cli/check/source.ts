import { type ErrorCode, TrawlError } from '../../errors.js';
import { type Exchange, HttpClient } from '../../http/client.js';
import type { CollectorSettings } from '../../settings/collector.js';
import { sourceOf } from '../../sources/registry.js';
import type { FetchedPage, SourceClient } from '../../sources/source.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { checkClock } from './clock.js';
import type { CheckLines } from './lines.js';
import { checkNetwork } from './network.js';

/** A source that does not answer is not waited for longer. */
const pageMaxMs = 60_000;

/** From the network to a first page, of which nothing is stored. */
export async function checkSource(
  context: Context,
  lines: CheckLines,
  settings: CollectorSettings,
  store: Store | undefined,
): Promise<void> {
  const { env } = context.settings;
  const http = new HttpClient({}, env as NodeJS.ProcessEnv);
  context.onClose(() => http.close());
  let last: Exchange | undefined;
  const source = sourceOf(settings.source);
  const observed = http.observed((exchange) => {
    if (exchange.status !== undefined) last = exchange;
  });
  const client = source.open(settings, observed);
  const reached = await checkNetwork(lines, new URL(client.place.split(' ', 1)[0]!), env);
  if (!reached) {
    for (const check of ['credentials', 'role', 'first page', 'clock'])
      lines.skipped(check, 'the source is not reached');
    return;
  }
  const waitMs = source.requestLimit && store ? await store.reserveRequest(client.place, source.requestLimit) : 0;
  await checkPage(lines, client, waitMs);
  checkClock(lines, last);
}

async function checkPage(lines: CheckLines, client: SourceClient, waitMs: number): Promise<void> {
  try {
    if (waitMs > 0) throw limited(waitMs);
    const page = await client.fetchPage('', AbortSignal.timeout(pageMaxMs));
    lines.passed('credentials', 'taken');
    lines.passed('role', 'may read the audit log');
    lines.passed('first page', `${client.place}: ${inWords(page)}`);
  } catch (error) {
    const failed = failedCheck[(error as TrawlError).code] ?? 'first page';
    const order = ['credentials', 'role', 'first page'] as const;
    for (const check of order) {
      if (check === failed) lines.failed(check, error);
      else if (failed === 'role' && check === 'credentials') lines.passed(check, 'taken');
      else lines.skipped(check, `not known: see "${failed}"`);
    }
  }
}

/** What a refusal is about. */
const failedCheck: Partial<Record<ErrorCode, 'credentials' | 'role'>> = {
  CREDENTIALS_REFUSED: 'credentials',
  TOKEN_REFUSED: 'credentials',
  ACCESS_DENIED: 'role',
};

function inWords({ content: { events, rejected }, more }: FetchedPage): string {
  const unfit = rejected.length > 0 ? `, ${rejected.length} that do not fit` : '';
  return `${events.length} events${unfit}${more ? ', and more after them' : ''}`;
}

function limited(waitMs: number): TrawlError {
  return new TrawlError('RATE_LIMITED', 'The source allows no further request now.', {
    hint: `Try again in ${Math.ceil(waitMs / 1000)} s.`,
  });
}
