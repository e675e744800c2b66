import { describe, expect, it } from 'vitest';
import { branchNote } from '../../src/branches.js';
import { notes } from '../../src/domain.js';

describe("M10's branches", () => {
  it.each([
    ['a page with more after it', { more: true, newEvents: 100, lastCount: 0 }, 'Full page'],
    ['a part page that has become full', { more: true, newEvents: 40, lastCount: 60 }, 'Full page'],
    ['a full page whose events are stored already', { more: true, newEvents: 0, lastCount: 100 }, 'Full page'],
    ['the first part page', { more: false, newEvents: 60, lastCount: 0 }, 'First part page'],
    ['a part page that has grown', { more: false, newEvents: 10, lastCount: 60 }, 'Subsequent part page'],
    ['a part page that has not grown', { more: false, newEvents: 0, lastCount: 60 }, 'No new events'],
    ['an empty page', { more: false, newEvents: 0, lastCount: 0 }, 'No new events'],
    // The article takes equal counts to mean no new events, and so never reads these.
    [
      'a last page as long as the full page before it',
      { more: false, newEvents: 100, lastCount: 100 },
      'Subsequent part page',
    ],
  ])('%s', (_, page, note) => {
    expect(branchNote(page)).toBe(note);
  });

  it("has the article's notes, letter for letter", () => {
    expect(notes).toEqual({
      noNewEvents: 'No new events',
      firstPartPage: 'First part page',
      subsequentPartPage: 'Subsequent part page',
      fullPage: 'Full page',
      resetCheckpoint: 'Reset checkpoint',
      resetToRejected: 'Reset checkpoint to the first page with rejected events',
      clearedEvents: 'Cleared events table',
      stopped: 'Stopped: no run is expected',
      removed: 'Removed: settings, checkpoint and expected runs',
    });
  });
});
