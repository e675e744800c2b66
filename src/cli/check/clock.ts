import { TrawlError } from '../../errors.js';
import type { Exchange } from '../../http/client.js';
import type { CheckLines } from './lines.js';

const warnMs = 30_000;
/** From about this skew on, sources refuse tokens that are signed here. */
const failMs = 300_000;

/** Compares this machine's clock with the source's, by the `Date` of its last response. */
export function checkClock(lines: CheckLines, exchange: Exchange | undefined): void {
  const dateMs = Date.parse(exchange?.headers.date?.[0] ?? '');
  if (!exchange || Number.isNaN(dateMs)) {
    lines.skipped('clock', 'the source has not sent its time');
    return;
  }
  // A Date has whole seconds, and was written some time between request and response.
  const skewMs = (exchange.startedMs + exchange.endedMs) / 2 - (dateMs + 500);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const found = `this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the source`;
  if (Math.abs(skewMs) <= warnMs) lines.passed('clock', seconds === 0 ? 'the same as the source' : found);
  else if (Math.abs(skewMs) <= failMs) lines.warning('clock', `${found}. Set it by NTP ("timedatectl set-ntp true").`);
  else
    lines.failed(
      'clock',
      new TrawlError('CLOCK_WRONG', `The clock is wrong: ${found}.`, {
        hint: 'Set it by NTP ("timedatectl set-ntp true"): otherwise tokens are refused.',
      }),
    );
}
