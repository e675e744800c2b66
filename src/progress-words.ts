import { counted } from './counted.js';

/** The parts of a run's progress that count events. */
interface EventCounts {
  newEvents: number;
  eventsRead?: number | undefined;
  newest: string | null;
  reached?: string | null | undefined;
}

/** @returns for example `20 new events`, or `read 40 events (20 new)` if some were stored before */
export function eventsInWords({ newEvents, eventsRead = 0 }: EventCounts): string {
  if (eventsRead <= newEvents) return counted(newEvents, 'new event');
  return `read ${counted(eventsRead, 'event')} (${newEvents.toLocaleString('en')} new)`;
}

/** @returns for example `up to 2026-01-31T12:00:00Z`, or `at …` while it reads what is older; empty before the first */
export function placeInWords({ newest, reached }: EventCounts): string {
  if (newest === null) return '';
  return reached && reached < newest ? `at ${reached}Z` : `up to ${newest}Z`;
}
