import { notCaughtUp as notCaughtUpNote, notes } from './domain.js';

/** The facts about a page by which M10 chooses its branch. */
interface ReadPage {
  /** The source has more events after this page. */
  more: boolean;
  newEvents: number;
  /** Number of events when this page was last read; 0 if it was not read before. */
  lastCount: number;
  /** Why the walk ends here although the source has more; undefined if it does not. */
  notCaughtUp?: string | undefined;
}

/** A page that is the same as when it was last read. It is not staged, and so not written. */
export const unchangedPage: ReadPage = { more: false, newEvents: 0, lastCount: 0 };

/**
 * M10's branches: what a page means, as its note in the execution log. After "Full page" the walk reads on. After any
 * other note it has caught up, except where the note says that it has not.
 *
 * The store asks for the note of a page that it commits, the workflow for that of a last page with nothing new. The
 * decision depends on which events were new: the article compares two counts, and so misses a last page that is as long
 * as the full page before it.
 */
export function branchNote({ more, newEvents, lastCount, notCaughtUp }: ReadPage): string {
  if (notCaughtUp !== undefined) return `${notCaughtUpNote}${notCaughtUp}`;
  if (more) return notes.fullPage;
  if (newEvents === 0) return notes.noNewEvents;
  return lastCount === 0 ? notes.firstPartPage : notes.subsequentPartPage;
}
