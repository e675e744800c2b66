import type {
  Checkpoint,
  EnrichedEvent,
  ExecutionLogLine,
  RelatedObject,
  RetentionGap,
  StoredEvent,
} from '../../domain.js';
import type { SettingsChange, SettingsTable } from '../../environment.js';
import type { Signer } from '../../proof/note.js';
import type { AnchorLedger } from '../anchors.js';
import type { Compared, Comparison } from '../comparison.js';
import type { CopySide } from '../copied-tables.js';
import type { LedgerPage } from '../ledger-page.js';
import type { OffloadStore } from '../offload.js';
import type { ProofReader } from '../proof-reader.js';
import type {
  DueRuns,
  Erased,
  Erasure,
  EventFilter,
  EventLines,
  LogFilter,
  PageFacts,
  PageToWrite,
  PageWritten,
  RejectedRow,
  SeenPage,
  StagedPage,
  Standing,
  Store,
  WalkStart,
} from '../store.js';
import { anchorLedger } from './anchors.js';
import { checkpointOf, everythingDurable, expectRuns, logFailedRun, logIdleRun, walkStart } from './checkpoints.js';
import { removeCleared } from './clearings.js';
import { compare, noteComparison } from './compare.js';
import { copySide } from './copy-side.js';
import type { Dialect } from './dialect.js';
import { erased, eraseEvent } from './erasure.js';
import { pageOf } from './ledger.js';
import { executionLog, logLines } from './log.js';
import { offloadStore } from './offload.js';
import { proofReader } from './proof-reader.js';
import { lacksSomething, takeOver } from './proof-takeover.js';
import { acknowledgeRejects, keepAnswer, rejectedRows, resetToRejected } from './rejects.js';
import { relatedObjects } from './related-objects.js';
import { type RequestLimit, requestWait, reserveRequest } from './requests.js';
import { clearEvents, removeCollector, resetCheckpoint, rewind } from './resets.js';
import { afterCleared, seenUpTo } from './seen-events.js';
import { setSettings, settings } from './settings.js';
import { dropStaged, stagedBody, stagedFacts, stagedRow } from './staged.js';
import { collectors, standings } from './standings.js';
import { all, first, type Steps, timed } from './steps.js';
import { committedPage, writePage } from './write-page.js';

/** Staged pages of walks that died are kept this long. */
const stagedAgeMaxMs = 24 * 3600 * 1000;

/**
 * A page is written within this time, or read again. Whoever can reach Temporal could otherwise have pages read in advance,
 * and written one by one after the source was last asked: each says that the collector has caught up.
 */
const claimedMaxMs = 3600 * 1000;

/** A walk whose source answers at all fast stages a page, or commits one, within this time. */
const beingReadMs = 10_000;

/** The store for any database. Subclasses supply the dialect and open the database. */
export class SqlStore implements Store {
  readonly shared: boolean;
  readonly schema: number;
  readonly offload: OffloadStore;
  readonly proof: ProofReader;
  readonly anchors: AnchorLedger;
  readonly #dialect: Dialect;
  readonly #now: () => Date;

  constructor(
    database: Dialect,
    { shared, schema, now, signer }: { shared: boolean; schema: number; now: () => Date; signer?: Signer | undefined },
  ) {
    const held = new Set<string>();
    const dialect = { ...database, signer, isHeld: (collector: string) => held.has(collector) };
    this.shared = shared;
    this.schema = schema;
    this.offload = offloadStore(dialect, now);
    this.proof = proofReader(dialect);
    this.anchors = anchorLedger(dialect, now, held);
    this.#dialect = dialect;
    this.#now = now;
  }

  async identity(): Promise<string> {
    return (await this.#dialect.run(first<{ id: string }>('SELECT id FROM store_identity')))!.id;
  }

  async checkpoint(collector: string): Promise<Checkpoint> {
    return this.#dialect.run(checkpointOf(collector));
  }

  async stagePage(page: StagedPage): Promise<void> {
    const now = this.#now();
    const row = { ...stagedRow(page), staged_at: now.toISOString() };
    // If a power cut undoes this, the write finds no staged page, and the page is read again.
    await this.#dialect.stagePage(row, new Date(now.getTime() - stagedAgeMaxMs).toISOString());
  }

  async stagedBody(collector: string, key: string): Promise<Uint8Array | null> {
    return this.#dialect.run(stagedBody(collector, key));
  }

  async stagedFacts(collector: string, keys: readonly string[]): Promise<Map<string, PageFacts>> {
    const since = new Date(this.#now().getTime() - claimedMaxMs).toISOString();
    return this.#dialect.run(stagedFacts(this.#dialect, collector, keys, since));
  }

  async walkStart(collector: string): Promise<WalkStart> {
    const nowMs = this.#now().getTime();
    // Not from the future: the clock of another worker, or this one before it was set back, could be hours ahead.
    const [since, until] = [nowMs - beingReadMs, nowMs + beingReadMs].map((ms) => new Date(ms).toISOString());
    return this.#dialect.run(walkStart(collector, since!, until!));
  }

  async relatedObjects(collector: string, ids: readonly string[]): Promise<Map<string, RelatedObject>> {
    return this.#dialect.run(relatedObjects(this.#dialect, collector, ids));
  }

  async compare(collector: string, events: readonly EnrichedEvent[]): Promise<Compared[]> {
    return this.#dialect.run(compare(this.#dialect, collector, events));
  }

  async noteComparison(collector: string, found: Comparison): Promise<void> {
    await this.#transaction((now) => noteComparison(this.#dialect, collector, found, now));
  }

  async writePage(page: PageToWrite): Promise<PageWritten> {
    const times = page.events.map(({ timeNs }) => timeNs);
    await this.#dialect.makeRoom(times, this.#now());
    const write = timed(this.#now, (now) => writePage(this.#dialect, page, now));
    return this.#dialect.transaction(write, page.followed);
  }

  async committedPage(collector: string, key: string): Promise<PageWritten | null> {
    return this.#dialect.run(committedPage(collector, key));
  }

  async dropStagedPages(collector: string, keys: readonly string[]): Promise<void> {
    await this.#dialect.run(dropStaged(this.#dialect, collector, keys));
  }

  async logIdleRun(collector: string, key: string, seen: SeenPage): Promise<boolean> {
    return this.#transaction((now) => logIdleRun({ collector, key, ...seen }, now));
  }

  async logFailedRun(collector: string, failure: string, key: string): Promise<void> {
    return this.#transaction((now) => logFailedRun(collector, failure, key, now));
  }

  async logFailedCommand(collector: string, note: string, keys: readonly string[]): Promise<void> {
    await this.#transaction((now) => logLines(collector, { now, note }, keys));
  }

  async resetCheckpoint(collector: string, keys: readonly string[]): Promise<void> {
    return this.#transaction((now) => resetCheckpoint(this.#dialect, collector, keys, now));
  }

  async clearEvents(
    collector: string,
    keys: readonly string[],
    sinks: readonly string[] = [],
    force = false,
  ): Promise<string | null> {
    return this.#transaction((now) => clearEvents(this.#dialect, { collector, keys, sinks, force }, now));
  }

  async removeCleared(collector: string, eventsMax: number): Promise<boolean> {
    return this.#transaction((now) => removeCleared(this.#dialect, collector, eventsMax, now));
  }

  async rewind(collector: string, offset: string, generation: number): Promise<void> {
    return this.#transaction((now) => rewind(this.#dialect, collector, { offset, generation }, now));
  }

  async keepAnswer(collector: string, offset: string, reason: string, raw: string): Promise<void> {
    const answer = { kind: 'answer' as const, reason, raw };
    await this.#transaction((now) => keepAnswer(this.#dialect, answer, { collector, offset, now }));
  }

  async takeOver(collector: string, eventsMax: number): Promise<boolean> {
    // Most of the time there is nothing, and a transaction costs more than the question.
    if (!(await this.#dialect.run(lacksSomething(collector)))) return false;
    return this.#transaction((now) => takeOver(this.#dialect, collector, eventsMax, now));
  }

  async reserveRequest(place: string, limit: RequestLimit): Promise<number> {
    return this.#transaction((now) => reserveRequest(this.#dialect, place, limit, Date.parse(now)));
  }

  async requestWait(place: string, limit: RequestLimit): Promise<number> {
    return this.#dialect.run(requestWait(place, limit, this.#now().getTime()));
  }

  async expectRuns(collector: string, due: Omit<DueRuns, 'since'> | null): Promise<void> {
    return this.#transaction((now) => expectRuns(this.#dialect, collector, due, now));
  }

  async standings(collector?: string): Promise<Standing[]> {
    return this.#dialect.run(standings(collector));
  }

  async settings(): Promise<SettingsTable> {
    return this.#dialect.run(settings());
  }

  async setSettings(
    collector: string,
    rows: Readonly<Record<string, string>>,
    unset: readonly string[],
    change?: SettingsChange,
  ): Promise<void> {
    return this.#transaction((now) => setSettings(this.#dialect, { collector, rows, unset }, change, now));
  }

  async removeCollector(collector: string, change: SettingsChange): Promise<boolean> {
    return this.#transaction((now) => removeCollector(this.#dialect, collector, change, now));
  }

  async collectors(): Promise<string[]> {
    return this.#dialect.run(collectors());
  }

  async events(filter: EventFilter, limit: number): Promise<StoredEvent[]> {
    return this.#dialect.events(filter, limit);
  }

  async eventLines(filter: EventFilter, limit: number): Promise<EventLines> {
    return this.#dialect.eventLines(filter, limit);
  }

  async latestEvents(filter: EventFilter, limit: number): Promise<StoredEvent[]> {
    return this.#dialect.latestEvents(filter, limit);
  }

  async seenUpTo(collector: string): Promise<number> {
    return this.#dialect.run(seenUpTo(collector));
  }

  async pageOf(collector: string, seq: number): Promise<LedgerPage | null> {
    return this.#dialect.run(pageOf(collector, seq));
  }

  async eventCount(collector: string): Promise<number> {
    return this.#count('audit_events', collector, ` AND seq > ${afterCleared('$1')}`);
  }

  async rejectedCount(collector: string): Promise<number> {
    return this.#count('rejected_events', collector);
  }

  async rejectedEvents(collector: string, limit: number): Promise<RejectedRow[]> {
    return this.#dialect.run(rejectedRows(collector, limit));
  }

  async acknowledgeRejects(collector: string, key: string): Promise<number> {
    return this.#transaction((now) => acknowledgeRejects(this.#dialect, collector, key, now));
  }

  async resetToRejected(collector: string, key: string): Promise<boolean> {
    return this.#transaction((now) => resetToRejected(this.#dialect, collector, key, now));
  }

  async eraseEvent(erasure: Erasure): Promise<Erased> {
    return this.#dialect.leavingNothing(() => this.#transaction((now) => eraseEvent(this.#dialect, erasure, now)));
  }

  async erased(collector: string, seq: number): Promise<Erased | null> {
    return this.#dialect.run(erased(collector, seq));
  }

  async retentionGaps(collector: string): Promise<RetentionGap[]> {
    return this.#dialect.run(
      all<RetentionGap>(
        'SELECT from_time AS "from", to_time AS "to" FROM retention_gaps WHERE collector = $1 ORDER BY from_time',
        collector,
      ),
    );
  }

  async executionLog(filter: LogFilter): Promise<ExecutionLogLine[]> {
    return this.#dialect.run(executionLog(filter));
  }

  copySide(): CopySide {
    return copySide(this.#dialect);
  }

  async isBackup(): Promise<boolean> {
    return this.#dialect.isBackup();
  }

  async beginWork(): Promise<void> {
    if (this.#dialect.isBackup()) this.#dialect.endBackup();
    // Otherwise a round that a kill has cut short stays hidden until the next page or idle run, which sees to it if this fails.
    await this.#dialect.transaction(everythingDurable()).catch(() => undefined);
  }

  async sizeBytes(): Promise<number> {
    return this.#dialect.sizeBytes();
  }

  async close(): Promise<void> {
    await this.#dialect.close();
  }

  async #count(table: string, collector: string, and = ''): Promise<number> {
    const sql = `SELECT count(*) AS n FROM ${table} WHERE collector = $1${and}`;
    return (await this.#dialect.run(first<{ n: number }>(sql, collector)))!.n;
  }

  async #transaction<T>(decide: (now: string) => Steps<T>): Promise<T> {
    return this.#dialect.transaction(timed(this.#now, decide));
  }
}
