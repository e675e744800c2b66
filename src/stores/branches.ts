import { notes } from '../domain.js';

/**
 * Decides M10's branch for a committed page, expressed as its note in the execution log. The decision depends on which
 * events were new, not on whether two counts are equal.
 *
 * @param page.lastCount number of events when this page was last read; 0 if it was not read before
 */
export function branchNote(page: { more: boolean; newEvents: number; lastCount: number }): string {
  if (page.more) return notes.fullPage;
  if (page.newEvents === 0) return notes.noNewEvents;
  return page.lastCount === 0 ? notes.firstPartPage : notes.subsequentPartPage;
}
