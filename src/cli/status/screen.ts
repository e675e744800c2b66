import { printable, table } from '../output.js';
import { inWords } from '../told.js';
import type { CollectorStatus, StatusReport } from './report.js';
import { fromNow, minute, span } from './times.js';

/** Something needs a person: for a monitor that calls `trawl status`. */
const attentionCode = 3;
/** The store does not say how the collectors are. */
const untoldCode = 1;

/** @returns 0 where all is well, 1 where the store cannot be read, 3 where something needs a person. */
export function codeOf({ storeProblem, temporalProblem, collectors }: StatusReport): number {
  if (storeProblem) return untoldCode;
  const isWell = ({ problems = [], recurring }: CollectorStatus) => problems.length === 0 && recurring !== 'no worker';
  return temporalProblem || !collectors.every(isWell) ? attentionCode : 0;
}

/** The tables: how each collector is, and how far its sinks are. */
export function tablesOf({ at, collectors }: StatusReport): string {
  if (collectors.length === 0) return '';
  const nowMs = Date.parse(at);
  const offloads = collectors.some(({ sinks = [] }) => sinks.length > 0);
  return `${overview(collectors, nowMs)}${offloads ? `\n${offloading(collectors, nowMs)}` : ''}`;
}

/** What is wrong, and what to do about it; a line each. */
export function notesOf(report: StatusReport): string[] {
  const { store, storeExists, storeProblem, temporal, temporalProblem, collectors } = report;
  const notes: string[] = [];
  if (storeProblem) notes.push(`Store: ${inWords(storeProblem)}`);
  else if (!storeExists) notes.push(`Store: nothing has been collected here yet (${store}).`);
  if (temporalProblem) notes.push(`Temporal: ${inWords(temporalProblem)}`);
  else if (temporal !== 'connected') notes.push(`Temporal: ${temporal}`);
  if (report.worker === 'none' && collectors.some(({ recurring }) => recurring !== 'stopped'))
    notes.push('Worker: none takes work, so nothing is collected. Start one with "trawl worker" where the store is.');
  const untold = collectors.filter(({ recurring }) => recurring === 'unknown' && temporal === 'connected');
  if (untold.length > 0)
    notes.push(`Temporal does not say how the collection of ${untold.map((one) => one.collector).join(', ')} stands.`);
  for (const collector of collectors) notes.push(...notesOn(collector));
  if (notes.length === 0 && collectors.length > 0) notes.push('All is well.');
  return notes;
}

function notesOn({ collector, problems = [], lastFailure, sinks = [], lost = [] }: CollectorStatus): string[] {
  const notes = problems.map(({ code, message }) => `${code}: ${message}`);
  if (lastFailure) notes.push(`the last run failed: ${lastFailure}`);
  for (const { sink, failure } of sinks)
    if (failure && !problems.some(({ message }) => message.includes(failure)))
      notes.push(`offloading to ${sink} failed: ${failure}`);
  for (const { sink, refused } of sinks)
    if (refused > 0)
      notes.push(
        `${refused} events were refused by ${sink}, and stay in the table: see why in refused_events (docs/tables.md); what can be mended there is sent again with "trawl offload ${collector} --sink ${sink} --from TIME --name mended".`,
      );
  for (const { from, to } of lost) notes.push(`LOST: the source no longer held what happened from ${from} to ${to}`);
  return notes.map((note) => `${collector}: ${printable(note)}`);
}

function overview(collectors: readonly CollectorStatus[], nowMs: number): string {
  return table(
    ['COLLECTOR', 'STATE', 'LAST SUCCESS', 'BEHIND', 'NEXT RUN', 'BY', 'EVENTS', 'REJECTED', 'NEWEST EVENT'],
    collectors.map((one) => [
      one.collector,
      one.lastFailure ? `${one.recurring}, failing` : one.recurring,
      fromNow(one.caughtUpAt, nowMs),
      behind(one, nowMs),
      fromNow(one.nextRun, nowMs),
      one.recurrence ? `${one.recurrence} ${one.cron ?? ''}`.trim() : '-',
      counted(one.events),
      counted(one.rejected),
      fromNow(one.newestEvent, nowMs),
    ]),
  );
}

function behind({ caughtUp, behindSince }: CollectorStatus, nowMs: number): string {
  if (caughtUp === undefined) return 'unknown';
  if (caughtUp) return 'caught up';
  return behindSince ? `${span(nowMs - Date.parse(behindSince))}, since ${minute(behindSince)}` : 'nothing yet';
}

function counted(count: number | undefined): string {
  return count === undefined ? '-' : count.toLocaleString('en');
}

function offloading(collectors: readonly CollectorStatus[], nowMs: number): string {
  return table(
    ['COLLECTOR', 'SINK', 'OFFLOADED', 'BEHIND', 'OLDEST WAITS SINCE', 'REFUSED', 'LAST CONFIRMED', 'LAST FAILURE'],
    collectors.flatMap(({ collector, sinks = [] }) =>
      sinks.map(({ sink, events, behind, waitingSince, refused, confirmedAt, failure, failedAt }) => [
        collector,
        sink,
        counted(events),
        counted(behind),
        fromNow(waitingSince, nowMs),
        counted(refused),
        fromNow(confirmedAt, nowMs),
        // Told in full below the table.
        failure ? fromNow(failedAt, nowMs) : '-',
      ]),
    ),
  );
}
