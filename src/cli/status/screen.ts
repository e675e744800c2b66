import { counted } from '../../counted.js';
import { taskQueue } from '../../temporal/names.js';
import { inWords } from '../error-report.js';
import { type Column, fitted, type Room } from '../fit.js';
import { printable, wrapped } from '../output.js';
import { noWorker } from './judge.js';
import type { CollectorStatus, StatusReport } from './report.js';
import { redrawn, type Terminal } from './terminal.js';
import { fromNow, span } from './times.js';

/** Exit code if something needs a person, for a monitor that calls `trawl status`. */
const attentionCode = 3;
/** Exit code if the store cannot be read. */
const untoldCode = 1;

/** Line width without a terminal. */
const columnsDefault = 120;

/** @returns 0 if all is well, 1 if the store cannot be read, 3 if something needs a person. */
export function codeOf({ storeProblem, temporalProblem, strayRuns, collectors }: StatusReport): number {
  if (storeProblem) return untoldCode;
  const isNeeded = strayRuns.length > 0 || collectors.some(({ problems }) => problems.length > 0);
  return temporalProblem || isNeeded ? attentionCode : 0;
}

/**
 * Formats the tables of collectors and of their sinks.
 * @param columns of the terminal; undefined if there is none.
 */
export function tablesOf({ at, collectors }: StatusReport, columns?: number): string {
  if (collectors.length === 0) return '';
  const nowMs = Date.parse(at);
  const room: Room = { columns: columns ?? columnsDefault, cuts: columns !== undefined };
  const offloads = collectors.some(({ sinks = [] }) => sinks.length > 0);
  const overview = fitted(overviewColumns(collectors, nowMs), room);
  return offloads ? `${overview}\n${fitted(sinkColumns(collectors, nowMs), room)}` : overview;
}

/** One line for each problem: what is wrong, what to do, and a code of docs/errors.md. */
export function notesOf(report: StatusReport): string[] {
  const { store, storeExists, storeProblem, temporal, temporalProblem, worker, strayRuns, collectors } = report;
  const notes: string[] = [];
  if (storeProblem) notes.push(about('Store', inWords(storeProblem)));
  else if (!storeExists) notes.push(`Store: nothing has been collected here yet (${store}).`);
  if (temporalProblem) notes.push(about('Temporal', inWords(temporalProblem)));
  else if (temporal !== 'connected') notes.push(`Temporal: ${temporal}`);
  if (worker === 'none' && collectors.some(({ recurring }) => recurring !== 'stopped')) notes.push(workerNote(report));
  notes.push(...strayRuns.map(strayNote), ...collectorNotes(collectors));
  if (collectors.length === 0 && !storeProblem)
    notes.push('No collector is set up. Set one up with "trawl init", or try a demo team with "trawl up".');
  if (notes.length === 0) notes.push(`All is well${worker === 'running' ? ', and a worker is running' : ''}.`);
  return notes;
}

/** A message that begins with its subject needs no label. */
function about(subject: string, text: string): string {
  return text.startsWith(`${subject} `) ? text : `${subject}: ${text}`;
}

/** Formats one screen of `--watch`. @param terminal undefined if there is none. */
export function screenOf(report: StatusReport, everyMs: number, terminal: Terminal | undefined): string {
  const notes = notesOf(report).map((note) => (terminal ? wrapped(note, terminal.columns) : note));
  const parts = [tablesOf(report, terminal?.columns), `${notes.join('\n')}\n`].filter(Boolean);
  if (!terminal) return `${report.at}\n\n${parts.join('\n')}`;
  // If the screen is too long, cut off the end of the table rather than the problems.
  if (parts.join('\n').split('\n').length > terminal.rows - 3) parts.reverse();
  return redrawn(`every ${everyMs / 1000}s, Ctrl-C ends it   ${report.at}\n\n${parts.join('\n')}`, terminal);
}

/** Shown once for all collectors, even before a run is due. */
function workerNote({ collectors }: StatusReport): string {
  const due = collectors.filter(({ problems }) => problems.some(({ code }) => code === noWorker.code));
  const what =
    due.length > 0 ? `a run of ${due.map((one) => one.collector).join(', ')} is due` : 'nothing is collected';
  return `Worker: none is running, and ${what}. Start one with "trawl worker" where the store is. [${noWorker.code}]`;
}

function strayNote({ taskQueue: queue, workflowIds: [first, ...others] }: StatusReport['strayRuns'][number]): string {
  const which =
    others.length > 0 ? `${first} and ${counted(others.length, 'more run')} wait` : `The run ${first} waits`;
  return `Temporal: ${printable(which)} on the task queue ${printable(queue)}, and no worker polls it. Trawl's workers poll ${taskQueue}: terminate what waits there, and start it again with --task-queue ${taskQueue}. [${noWorker.code}]`;
}

/** Merges the same message of several collectors into one line. */
function collectorNotes(collectors: readonly CollectorStatus[]): string[] {
  const namesOf = new Map<string, string[]>();
  for (const { collector, problems, notices } of collectors)
    for (const { code, message } of [...problems, ...notices]) {
      if (code === noWorker.code) continue;
      const line = `${printable(message)} [${code}]`;
      namesOf.set(line, [...(namesOf.get(line) ?? []), collector]);
    }
  return [...namesOf].map(([line, names]) => `${names.join(', ')}: ${line}`);
}

function overviewColumns(collectors: readonly CollectorStatus[], nowMs: number): Column[] {
  const of = (cell: (one: CollectorStatus) => string) => collectors.map(cell);
  return [
    { heading: 'COLLECTOR', cells: of(({ collector }) => collector), usual: 24, cutTo: 8 },
    { heading: 'STATE', cells: of(stateOf), cutTo: 8 },
    { heading: 'LAST SUCCESS', cells: of(({ caughtUpAt }) => fromNow(caughtUpAt, nowMs)), cutTo: 7 },
    { heading: 'BEHIND', cells: of(behind) },
    { heading: 'NEXT RUN', cells: of(({ nextRun }) => fromNow(nextRun, nowMs)), dispensable: 3 },
    { heading: 'BY', cells: of(recurrenceOf), usual: 18, dispensable: 4 },
    { heading: 'EVENTS', cells: of(({ events }) => shownCount(events)), dispensable: 1 },
    { heading: 'REJECTED', cells: of(({ rejected }) => shownCount(rejected)), dispensable: 2 },
    { heading: 'NEWEST EVENT', cells: of(({ newestEvent }) => fromNow(newestEvent, nowMs)), dispensable: 5 },
  ];
}

function stateOf({ recurring, runningSince, lastFailure, problems }: CollectorStatus): string {
  if (problems.some(({ code }) => code === 'RUN_STUCK')) return `${recurring}, stuck`;
  if (lastFailure) return `${recurring}, failing`;
  const isBeside = runningSince !== null && recurring !== 'running' && recurring !== 'no worker';
  return isBeside ? `${recurring}, collecting` : recurring;
}

function recurrenceOf({ recurrence, cron }: CollectorStatus): string {
  return recurrence ? `${recurrence} ${cron ?? ''}`.trim() : '-';
}

function behind({ lagSeconds, events }: CollectorStatus): string {
  if (lagSeconds === undefined) return 'unknown';
  if (lagSeconds === null) return events === 0 ? 'nothing yet' : 'unknown';
  return lagSeconds === 0 ? '0' : span(lagSeconds * 1000);
}

function shownCount(count: number | null | undefined): string {
  return count === undefined || count === null ? '-' : count.toLocaleString('en');
}

function sinkColumns(collectors: readonly CollectorStatus[], nowMs: number): Column[] {
  const rows = collectors.flatMap(({ collector, sinks = [] }) => sinks.map((sink) => ({ collector, ...sink })));
  const of = (cell: (row: (typeof rows)[number]) => string) => rows.map(cell);
  return [
    { heading: 'COLLECTOR', cells: of(({ collector }) => collector), usual: 24, cutTo: 8 },
    { heading: 'SINK', cells: of(({ sink }) => sink), usual: 24, cutTo: 8 },
    { heading: 'OFFLOADED', cells: of(({ events }) => shownCount(events)), dispensable: 2 },
    { heading: 'WAITING', cells: of(({ behind: waiting }) => shownCount(waiting)) },
    { heading: 'OLDEST', cells: of(({ waitingSince }) => fromNow(waitingSince, nowMs)) },
    { heading: 'REFUSED', cells: of(({ refused }) => shownCount(refused)), dispensable: 1 },
    { heading: 'LAST CONFIRMED', cells: of(({ confirmedAt }) => fromNow(confirmedAt, nowMs)), dispensable: 3 },
    // The lines below the table show it in full.
    {
      heading: 'LAST FAILURE',
      cells: of(({ failure, failedAt }) => (failure ? fromNow(failedAt, nowMs) : '-')),
      dispensable: 4,
    },
  ];
}
