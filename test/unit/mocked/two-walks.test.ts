import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FetchedPages, LastCheckpoint, PagesWritten } from '../../../activities/types.js';
import type { ActivityInput } from '../../../src/inputs/activities.js';
import { auditWalk } from '../../../workflows/audit-walk.js';
import type { Progress } from '../../../workflows/messages.js';
import { recurringAuditCollection } from '../../../workflows/recurring-audit-collection.js';
import { CancellationScope, type Execution, inExecution } from '../../simulation/workflow-runtime.js';

vi.mock('@temporalio/workflow', () => import('../../simulation/workflow-runtime.js'));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const after = <T>(ms: number, value: () => T) => new Promise<T>((resolve) => setTimeout(() => resolve(value()), ms));

/** A source that takes its time for each page, the checkpoint of its collector, and runs that walk to the end. */
class Scene {
  readonly requests: { run: string; atMs: number }[] = [];
  readonly looks: string[] = [];
  readonly #pagesMax: number;
  readonly #pageMs: number;
  #committed = 0;
  /** When each page was staged that is not written yet. */
  readonly #staged = new Map<string, number>();
  /** As if its server had terminated it. */
  readonly #ended = new Set<string>();

  constructor(pagesMax: number, pageMs = 300) {
    this.#pagesMax = pagesMax;
    this.#pageMs = pageMs;
  }

  get committed(): number {
    return this.#committed;
  }

  end(run: string): void {
    this.#ended.add(run);
  }

  requestsOf(run: string, fromMs = 0): number {
    return this.requests.filter((request) => request.run === run && request.atMs >= fromMs).length;
  }

  start(run: string, workflow: (input: { collector: string }) => Promise<Progress> = recurringAuditCollection) {
    const execution: Execution = {
      info: { workflowId: run, runId: run, searchAttributes: {}, memo: {}, historyLength: 3 },
      root: new CancellationScope({ root: true }),
      conditions: new Set(),
      handlers: new Map(),
      otherSignals: undefined,
      unhandled: [],
      activity: (name, input) => this.#activity(run, name, input),
      timer: (ms, ring) => {
        const timer = setTimeout(ring, ms);
        return () => clearTimeout(timer);
      },
      child: () => Promise.reject(new Error('Not needed here')),
    };
    return inExecution(execution, () => workflow({ collector: 'asa' }));
  }

  #activity(run: string, name: string, input: unknown): { result: Promise<unknown>; cancel(): void } {
    let isCancelled = false;
    const steps: Record<string, () => Promise<unknown>> = {
      getLastCheckpoint: () => this.#look(run),
      fetchPages: () => this.#fetch(run, input as ActivityInput<'fetchPages'>, () => isCancelled),
      enrichPages: () => after(50, () => ({ events: 0 })),
      writePages: () => after(50, () => this.#write(input as ActivityInput<'writePages'>)),
      writeExecutionLog: () => after(50, () => undefined),
    };
    return {
      result: this.#ended.has(run) ? new Promise(() => undefined) : steps[name]!(),
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  #look(run: string): Promise<LastCheckpoint> {
    this.looks.push(run);
    const caughtUp = this.#committed === this.#pagesMax ? { caughtUp: true as const } : {};
    const isBeingRead = [...this.#staged.values()].some((atMs) => atMs > Date.now() - 10_000);
    return after(20, () => ({
      ...{ offset: String(this.#committed), generation: 0, digest: '', pages: this.#committed, ...caughtUp },
      ...(isBeingRead ? { isBeingRead } : {}),
    }));
  }

  async #fetch(
    run: string,
    { from, pagesMax, durationMaxMs }: ActivityInput<'fetchPages'>,
    isCancelled: () => boolean,
  ): Promise<FetchedPages> {
    const pages: FetchedPages['pages'] = [];
    const endMs = Date.now() + durationMaxMs;
    let at = Number(from.offset);
    do {
      this.requests.push({ run, atMs: Date.now() });
      await after(this.#pageMs, () => undefined);
      if (at === this.#pagesMax) break;
      const [offset, nextOffset] = [String(at), String(at + 1)];
      at += 1;
      const more = at < this.#pagesMax;
      pages.push({ key: `${run}/${offset}`, offset, nextOffset, more, generation: 0, events: 1, rejected: 0 });
      this.#staged.set(`${run}/${offset}`, Date.now());
    } while (at < this.#pagesMax && pages.length < pagesMax && Date.now() < endMs && !isCancelled());
    const more = at < this.#pagesMax;
    return {
      pages,
      nextOffset: String(at),
      more,
      pauseMs: 0,
      requests: pages.length,
      ...(more ? {} : { noted: true }),
    };
  }

  #write({ pages }: ActivityInput<'writePages'>): PagesWritten {
    const superseded = pages[0]!.offset !== String(this.#committed);
    for (const { key } of pages) this.#staged.delete(key);
    if (!superseded) this.#committed += pages.length;
    return { pages: pages.length, newEvents: 0, rejected: 0, superseded, note: 'Full page', newest: null };
  }
}

describe('a run beside a slow walk', () => {
  it('reads nothing until the other has caught up', async () => {
    const scene = new Scene(1_000);
    const first = scene.start('first');
    await vi.advanceTimersByTimeAsync(12_000);
    const second = scene.start('second');
    await vi.runAllTimersAsync();
    expect(await Promise.all([first, second])).toMatchObject([{ state: 'caught up' }, { state: 'caught up' }]);
    expect(scene.committed).toBe(1_000);
    expect(scene.requestsOf('first')).toBe(1_000);
    expect(scene.requestsOf('second')).toBe(1);
    // Each look costs some ten events of history.
    expect(scene.looks.filter((run) => run === 'second').length).toBeLessThanOrEqual(20);
  });

  it('reads nothing either if it continues a walk that was overtaken', async () => {
    const scene = new Scene(300);
    const first = scene.start('first');
    await vi.advanceTimersByTimeAsync(12_000);
    const second = scene.start('second', (input) => auditWalk({ ...input, historyEventsMax: 10_000 }));
    await vi.runAllTimersAsync();
    expect(await Promise.all([first, second])).toMatchObject([{ state: 'caught up' }, { state: 'caught up' }]);
    expect(scene.requestsOf('second')).toBe(1);
  });

  it('goes on by itself once the other has committed nothing for a whole round', async () => {
    const scene = new Scene(300);
    void scene.start('first');
    await vi.advanceTimersByTimeAsync(12_000);
    const second = scene.start('second');
    await vi.advanceTimersByTimeAsync(12_000);
    scene.end('first');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(scene.requestsOf('second')).toBe(0);
    await vi.runAllTimersAsync();
    expect(await second).toMatchObject({ state: 'caught up' });
    expect(scene.committed).toBe(300);
  });

  it('goes on within 20 s if what is staged was left behind by a walk that has ended', async () => {
    const scene = new Scene(300);
    void scene.start('first');
    await vi.advanceTimersByTimeAsync(12_000);
    scene.end('first');
    await vi.advanceTimersByTimeAsync(6_000);
    const second = scene.start('second');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(scene.requestsOf('second')).toBeGreaterThan(0);
    await vi.runAllTimersAsync();
    expect(await second).toMatchObject({ state: 'caught up' });
  });

  it('asks a source at most once a minute while the other takes minutes for a page', async () => {
    const scene = new Scene(20, 200_000);
    const first = scene.start('first');
    await vi.advanceTimersByTimeAsync(250_000);
    const second = scene.start('second');
    await vi.runAllTimersAsync();
    expect(await Promise.all([first, second])).toMatchObject([{ state: 'caught up' }, { state: 'caught up' }]);
    const { requests } = scene;
    const minutes = (requests.at(-1)!.atMs - requests[0]!.atMs) / 60_000;
    expect(scene.requestsOf('second')).toBeLessThanOrEqual(minutes);
  });
});
