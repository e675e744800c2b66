import { CancellationScope, condition, patched } from '@temporalio/workflow';
import type { FetchedPages, LastCheckpoint, PageRef, PageStart, PagesWritten } from '../activities/types.js';
import { branchNote, unchangedPage } from '../src/branches.js';
import { counted } from '../src/counted.js';
import type { Commands } from './commands.js';
import { failureCode } from './failure.js';
import { historyIsFull } from './history.js';
import { roundLimits, stepOptions, walkActivities } from './options.js';
import { OtherWalk } from './other-walk.js';
import type { ProgressReport } from './progress.js';
import { recurrence } from './recurrence.js';

/**
 * `caught up`: the source has no more, or the run ends without it (progress says so). `history full`: the walk must
 * continue in another run. Everything read so far is committed.
 */
export type WalkEnd = 'caught up' | 'history full';

type PassEnd = WalkEnd | 'read again';

/** How a run of version 0.2 and earlier waits for another walk: too short for a slow source. */
const otherWalkMs = 4_000;
/** The patch of runs that wait for a whole round of another walk. */
const letsOtherWalk = 'another walk goes on alone';

interface WalkOptions {
  collector: string;
  /** The walk ends with `history full` when its run's history has this many events. */
  historyEventsMax: number;
  /** True if the walk continues one that has read pages already. */
  catchesUp: boolean;
}

interface Fetching {
  result: Promise<FetchedPages>;
  abandon(): void;
}

/**
 * Reads page after page from the checkpoint until the source has no more events: fetch → enrich → write. The next pages
 * are fetched while the current ones are enriched and written. Used by M10 and by `auditWalk`.
 *
 * Starts again from the checkpoint after a reset, when another walk was faster, when a staged page is gone, or when the
 * source no longer knows the offset.
 */
export class Walk {
  readonly #collector: string;
  readonly #commands: Commands;
  readonly #report: ProgressReport;
  readonly #historyEventsMax: number;
  /** True beyond the beginning of a walk: the steps of other collectors then take precedence. */
  #catchesUp: boolean;
  /** True if the run should begin offloading once it has caught up. */
  offloads: 'no' | 'due' | 'when new' = 'no';
  /** False from when another walk was faster until a page of this one is committed: it then reads one page on trial. */
  #leads = true;
  readonly #other = new OtherWalk();
  #isFirstPass = true;
  /** The same for a run that began before `letsOtherWalk`. */
  #overtaken: { generation: number; pages: number } | null = null;

  constructor({ collector, historyEventsMax, catchesUp }: WalkOptions, commands: Commands, report: ProgressReport) {
    this.#catchesUp = catchesUp;
    this.#collector = collector;
    this.#commands = commands;
    this.#report = report;
    this.#historyEventsMax = historyEventsMax;
  }

  async run(): Promise<WalkEnd> {
    for (;;) {
      const end = await this.#pass();
      if (end !== 'read again') return end;
      if (historyIsFull(this.#historyEventsMax)) return 'history full';
    }
  }

  async #pass(): Promise<PassEnd> {
    const resets = this.#commands.resets;
    const isReset = () => this.#commands.resets !== resets;
    const checkpoint = await walkActivities.getLastCheckpoint.executeWithOptions(
      this.#options(`${this.#collector}: checkpoint`),
      [{ collector: this.#collector, ...recurrence() }],
    );
    this.offloads = checkpoint.offload ?? 'no';
    this.#lookForOther(checkpoint);
    const waitMs = this.#stepAside(checkpoint);
    if (waitMs > 0) {
      this.#report.update({ state: 'waiting for another walk' });
      await condition(isReset, waitMs);
      return 'read again';
    }
    this.#report.update({ state: 'walking' });
    let from: PageStart = { offset: checkpoint.offset, generation: checkpoint.generation };
    let pageNumber = checkpoint.pages + 1;
    let fetching = this.#fetch(from, pageNumber, { knownDigest: checkpoint.digest });
    for (;;) {
      let round: FetchedPages;
      try {
        round = await fetching.result;
      } catch (error) {
        if (failureCode(error) !== 'OFFSET_UNKNOWN') throw error;
        await walkActivities.rewindCheckpoint.executeWithOptions(this.#options(`${this.#collector}: offset refused`), [
          { collector: this.#collector, from },
        ]);
        return 'read again';
      }
      this.#report.fetched(round);
      pageNumber += round.pages.length;
      const { nextOffset, more, emptyPages } = round;
      this.#catchesUp ||= more;
      const ahead =
        more &&
        round.pauseMs === 0 &&
        !historyIsFull(this.#historyEventsMax) &&
        !isReset() &&
        // If the other walk is at work, what is read ahead is read in vain.
        (this.#leads || !patched(letsOtherWalk))
          ? this.#fetch({ offset: nextOffset, generation: from.generation }, pageNumber, { emptyPages })
          : null;
      if (round.pages.length > 0 && !(await this.#enrichAndWrite(round.pages, pageNumber))) {
        ahead?.abandon();
        return 'read again';
      }
      if (isReset()) {
        ahead?.abandon();
        return 'read again';
      }
      if (!more) return this.#caughtUp(round);
      // Pages already read ahead become the last round of this run; otherwise the next run would read them again.
      if (historyIsFull(this.#historyEventsMax) && !(ahead && patched('what was read ahead is written'))) {
        ahead?.abandon();
        return 'history full';
      }
      if (round.pauseMs > 0) {
        this.#report.update({ state: 'waiting for the rate limit' });
        if (await condition(isReset, round.pauseMs)) return 'read again';
        this.#report.update({ state: 'walking' });
      }
      from = { offset: nextOffset, generation: from.generation };
      fetching = ahead ?? this.#fetch(from, pageNumber, { emptyPages });
    }
  }

  /**
   * At its beginning, a walk has staged nothing, also one that continues another: what is staged is somebody else's. Older
   * workers do not tell what is.
   */
  #lookForOther(checkpoint: LastCheckpoint): void {
    const isFirst = this.#isFirstPass;
    this.#isFirstPass = false;
    if (!isFirst || !checkpoint.isBeingRead) return;
    const { generation, pages } = checkpoint;
    this.#leads = false;
    this.#overtaken = { generation, pages };
    this.#other.wasFirst(checkpoint);
  }

  /** Returns how long to let another walk of this collector continue alone: both would read every page. */
  #stepAside(checkpoint: LastCheckpoint): number {
    const before = this.#overtaken;
    if (before === null) return 0;
    const { generation, pages } = checkpoint;
    if (patched(letsOtherWalk)) {
      const waitMs = this.#other.waitMs(checkpoint);
      if (waitMs === 0) this.#overtaken = null;
      return waitMs;
    }
    const moves = before.generation === generation && pages > before.pages;
    this.#overtaken = moves ? { generation, pages } : null;
    return moves ? otherWalkMs : 0;
  }

  /** A last page that was not staged has nothing new; the run still has its log line (M10's first branch). */
  async #caughtUp(round: FetchedPages): Promise<WalkEnd> {
    const last = round.pages.at(-1);
    if (last?.notCaughtUp !== undefined && patched('a run ends without having caught up')) {
      this.#report.update({ state: 'not caught up' });
      return 'caught up';
    }
    if (last === undefined || last.more) {
      // Otherwise an older worker has read the page, or has led the run so far.
      if (!(round.noted && patched('an idle run is noted where it is read')))
        await walkActivities.writeExecutionLog.executeWithOptions(this.#options(`${this.#collector}: no new events`), [
          { collector: this.#collector },
        ]);
      this.#report.update({ note: branchNote(unchangedPage) });
    }
    return 'caught up';
  }

  #fetch(
    from: PageStart,
    pageNumber: number,
    { knownDigest = '', emptyPages }: { knownDigest?: string; emptyPages?: number | undefined },
  ): Fetching {
    const emptyBefore = emptyPages ? { emptyBefore: emptyPages } : {};
    const scope = new CancellationScope();
    const result = scope.run(() =>
      walkActivities.fetchPages.executeWithOptions(this.#options(`${this.#collector}: fetch from page ${pageNumber}`), [
        {
          collector: this.#collector,
          from,
          knownDigest,
          ...emptyBefore,
          ...roundLimits,
          ...(this.#leads ? {} : { pagesMax: 1 }),
        },
      ]),
    );
    // A failed read-ahead is reported when its turn comes, or never if it is abandoned.
    result.catch(() => undefined);
    return { result, abandon: () => scope.cancel() };
  }

  /** Returns false if the checkpoint had moved or a page was no longer staged. */
  async #enrichAndWrite(pages: PageRef[], nextPage: number): Promise<boolean> {
    const options = (step: string) => this.#options(summaryOf(this.#collector, step, { pages, nextPage }));
    const input = { collector: this.#collector, pages };
    let written: PagesWritten;
    try {
      await walkActivities.enrichPages.executeWithOptions(options('enrich'), [input]);
      written = await walkActivities.writePages.executeWithOptions(options('write'), [input]);
    } catch (error) {
      if (failureCode(error) === 'STAGED_PAGE_GONE') return false;
      throw error;
    }
    const eventsRead = pages.slice(0, written.pages).reduce((sum, page) => sum + page.events, 0);
    this.#report.written({ ...written, eventsRead });
    this.#leads = !written.superseded;
    if (written.superseded) {
      const { generation } = pages[0]!;
      this.#overtaken = { generation, pages: -1 };
      this.#other.overtook(generation);
    }
    return !written.superseded;
  }

  #options(summary: string): ReturnType<typeof stepOptions> {
    return stepOptions(this.#collector, this.#catchesUp ? 'catch-up' : 'beginning', summary);
  }
}

/** Returns, for example, `asa: write pages 9 to 16, 8,000 events`. */
export function summaryOf(
  collector: string,
  step: string,
  { pages, nextPage }: { pages: readonly PageRef[]; nextPage: number },
): string {
  const events = pages.reduce((sum, page) => sum + page.events, 0);
  const first = nextPage - pages.length;
  const last = nextPage - 1;
  return `${collector}: ${step} ${first === last ? `page ${first}` : `pages ${first} to ${last}`}, ${counted(events, 'event')}`;
}
