import { notes } from '../domain.js';

/**
 * Which of M10's branches a committed page belongs to, by the note that the execution log gets. What counts is which
 * events were new, not whether two counts are equal.
 *
 * @param page.lastCount events of this page when it was read before; 0 when it was not.
 */
export function branchNote(page: { more: boolean; newEvents: number; lastCount: number }): string {
  if (page.more) return notes.fullPage;
  if (page.newEvents === 0) return notes.noNewEvents;
  return page.lastCount === 0 ? notes.firstPartPage : notes.subsequentPartPage;
}
