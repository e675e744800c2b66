import { setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { FetchedPages } from '../activities/types.js';
import { counted } from '../src/counted.js';
import { eventsInWords, placeInWords } from '../src/progress-words.js';
import { type CommandFailure, type Progress, progressQuery } from './messages.js';

/** Tracks what a run has done so far: answers the query `progress` and shows it in the Temporal UI. */
export class ProgressReport {
  readonly progress: Progress;

  constructor(collector: string, carried: Partial<Progress> = {}) {
    this.progress = {
      collector,
      state: 'starting',
      pages: 0,
      newEvents: 0,
      eventsRead: 0,
      rejected: 0,
      requests: 0,
      newest: null,
      walk: null,
      note: '',
      failedCommands: [],
      ...carried,
    };
    setHandler(progressQuery, () => this.progress);
    this.#show();
  }

  update(change: Partial<Progress>): void {
    Object.assign(this.progress, change);
    this.#show();
  }

  fetched({ requests }: FetchedPages): void {
    this.update({ requests: this.progress.requests + requests });
  }

  written({
    pages,
    newEvents,
    rejected,
    newest,
    note,
    eventsRead = 0,
    reached,
  }: Pick<Progress, 'pages' | 'newEvents' | 'rejected' | 'newest' | 'note' | 'eventsRead' | 'reached'>): void {
    const { progress } = this;
    this.update({
      pages: progress.pages + pages,
      newEvents: progress.newEvents + newEvents,
      rejected: progress.rejected + rejected,
      eventsRead: (progress.eventsRead ?? 0) + eventsRead,
      newest: newest ?? progress.newest,
      reached: reached ?? progress.reached ?? null,
      note: note || progress.note,
    });
  }

  commandFailed(failure: CommandFailure): void {
    this.update({ failedCommands: [...this.progress.failedCommands, failure] });
  }

  #show(): void {
    setCurrentDetails(inWords(this.progress, workflowInfo().cronSchedule));
  }
}

const ended: readonly Progress['state'][] = ['caught up', 'not caught up', 'failed'];

/** Formats progress for the current details of the Temporal UI (Markdown). */
export function inWords(progress: Progress, cron?: string): string {
  const { collector, state, pages, rejected, walk, note, failedCommands } = progress;
  const read = `${eventsInWords(progress)} in ${counted(pages, 'page')}${ended.includes(state) ? '' : ' so far'}`;
  const lines = [
    `**${collector}**: ${state}${walk ? ` to \`${walk}\`` : ''}${cron ? ` (recurring collection, cron \`${cron}\`)` : ''}`,
    placeInWords(progress) ? `${read}, ${placeInWords(progress)}` : read,
  ];
  if (note) lines.push(`Last page: ${note}`);
  if (rejected > 0)
    lines.push(
      `${counted(rejected, 'event')} did not fit and ${rejected === 1 ? 'is' : 'are'} kept in \`rejected_events\``,
    );
  for (const { command, message } of failedCommands) lines.push(`The command \`${command}\` failed: ${message}`);
  return lines.join('\n\n');
}
