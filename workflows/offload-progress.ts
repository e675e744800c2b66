import { counted } from '../src/counted.js';
import type { OffloadProgress, SinkProgress } from './messages.js';
import { nothingSent } from './send-batches.js';

/** A sink's part of the progress; added if it is missing. */
export function ofSink({ sinks }: OffloadProgress, sink: string): SinkProgress {
  sinks[sink] ??= nothingSent();
  return sinks[sink];
}

/** Progress as the UI's current details show it (Markdown). */
export function offloadInWords({ collector, sinks, cleared }: OffloadProgress): string {
  const lines = Object.entries(sinks).map(
    ([sink, { state, events, batches, refused, workflow, attempt }]) =>
      `**${collector}** to **${sink}**: ${state}${state === 'sending' && workflow ? ` (see ${workflow})` : ''}, ${counted(events, 'event')} in ${counted(batches, 'batch', 'batches')}${refused > 0 ? `, ${refused} refused (see \`refused_events\`)` : ''}${attempt ? `\n\nAttempt ${attempt.number} failed, and another follows: ${attempt.failure}` : ''}`,
  );
  if (cleared > 0) lines.push(`${counted(cleared, 'event')} cleared from the table`);
  return lines.join('\n\n');
}
