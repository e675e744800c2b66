import type { Checkpoint } from '../../src/domain.js';
import type { FixedBatch } from '../../src/stores/offload.js';
import type { SqliteStore } from '../../src/stores/sqlite/store.js';
import type { Progress } from '../../workflows/messages.js';
import { Books } from './books.js';
import { Clock } from './clock.js';
import { Commands } from './commands.js';
import type { Disk } from './disk.js';
import { Follower } from './follower.js';
import { Kernel } from './kernel.js';
import { Network } from './network.js';
import type { Random } from './random.js';
import { type Receiver, SearchReceiver, WebhookReceiver } from './receivers.js';
import { Temporal } from './temporal.js';
import { AsaVendor } from './vendors/asa.js';
import { DescopeVendor } from './vendors/descope.js';
import { SkyflowVendor } from './vendors/skyflow.js';
import type { Vendor } from './vendors/vendor.js';
import { type Surroundings, Worker } from './worker.js';

const kinds = { asa: AsaVendor, descope: DescopeVendor, skyflow: SkyflowVendor };
export type Kind = keyof typeof kinds;
export const allKinds = Object.keys(kinds) as Kind[];

const startMs = Date.UTC(2026, 8, 1);
const cron = { text: '*/5 * * * *', everyMs: 5 * 60_000 };
const daysMax = 20;

/** A clearing takes its events at once, and removes their rows later. */
const presentEvents = `SELECT seq, id FROM audit_events
  WHERE seq > (SELECT coalesce(max(up_to_seq), 0) FROM clearings) ORDER BY seq`;

type Moment = 'a part is cleared' | 'a repetition has a batch';

function isRepetition(batch: unknown): boolean {
  return typeof batch === 'object' && (batch as FixedBatch | null)?.series.startsWith('broken-off') === true;
}

/** Everything that a history happens in: one collector, its source, its sinks, its store, workers and a server. */
export class World {
  readonly clock = new Clock(startMs);
  readonly kernel: Kernel;
  readonly network: Network;
  readonly temporal: Temporal;
  readonly vendor: Vendor;
  readonly receivers: readonly Receiver[];
  readonly books: Books;
  readonly follower: Follower;
  readonly commands: Commands;
  readonly overlapMs: number;
  readonly historyEventsMax: number;
  readonly #disk: Disk;
  readonly #surroundings: Surroundings;
  #workers = 0;
  #byHand = 0;
  /** Probability that a command arrives at a step. */
  commandChance = 0;
  storeFails = 0;
  /** What to do with the process in which it happens next. */
  readonly next = new Map<Moment, (worker: Worker) => void>();

  constructor(random: Random, disk: Disk, kind: Kind) {
    this.#disk = disk;
    this.kernel = new Kernel(this.clock, random.fork());
    this.network = new Network(this.kernel);
    this.temporal = new Temporal(this.kernel);
    const overlapMinutes = random.pick([1, 5, 15]);
    this.overlapMs = overlapMinutes * 60_000;
    this.historyEventsMax = random.pick([20, 30, 3_000]);
    this.temporal.suggestsAt = this.historyEventsMax;
    const options = { clock: this.clock, random: random.fork(), overlapMinutes, searchCount: random.int(5, 25) };
    this.vendor = new kinds[kind](options);
    this.receivers = [new WebhookReceiver('hook', random.fork()), new SearchReceiver('search', random.fork())];
    for (const receiver of this.receivers) this.network.hosts.set(`${receiver.name}.example`, receiver);
    this.network.hosts.set(this.vendor.host, this.vendor);
    this.network.onAnswer = (host) => {
      const receiver = this.receivers.find((one) => one === host);
      if (receiver) this.#requireDurable(receiver.name, receiver.delivered());
    };
    this.books = new Books(
      kind,
      (sink, seq) => this.has(sink, seq),
      () => disk.query(presentEvents),
    );
    this.follower = new Follower(kind);
    this.commands = new Commands(this.collectionId, this.temporal, this.books);
    this.#surroundings = {
      kernel: this.kernel,
      disk,
      http: this.network.client,
      env: Object.assign({}, this.vendor.env, ...this.receivers.map(({ env }) => env)) as Record<string, string>,
      storeFails: () => this.storeFails,
      removedAtOnce: random.pick([1, 1, 3, 1_000]),
      watch: async (store, method, args) => {
        const done = await this.books.watch(store, method, args);
        return async (result) => {
          await done(result);
          if (method === 'removeCleared' && result === true) this.#happened('a part is cleared', store);
          if (method === 'fixBatch' && isRepetition(result)) this.#happened('a repetition has a batch', store);
        };
      },
    };
    this.kernel.note(
      `${kind}: ${this.vendor.manner}, page ${options.searchCount}, overlap ${overlapMinutes} min, hand-over at ${this.historyEventsMax}`,
    );
    for (let nth = random.int(1, 2); nth > 0; nth -= 1) this.addWorker();
    this.#tick();
  }

  get collector(): string {
    return this.vendor.kind;
  }

  get collectionId(): string {
    return `audit-collection-${this.collector}`;
  }

  /** The store, out of turn. */
  get store() {
    return this.temporal.workers[0]!.store;
  }

  /** Changes settings of the collector at once. */
  set(rows: Record<string, string>, unset: readonly string[]): void {
    void this.store.setSettings(this.collector, rows, unset);
    this.#disk.wrote();
  }

  checkpoint(): Promise<Checkpoint> {
    return this.store.checkpoint(this.collector);
  }

  /** Somebody looks at the events. */
  async read(): Promise<void> {
    await this.books.read(this.store);
    await this.follower.look(this.store);
    this.#requireDurable('a follower', this.follower.printed);
  }

  get hasWrongSinks(): boolean {
    return this.query("SELECT 1 FROM environment_variables WHERE name = 'offload' AND value = '!!'").length > 0;
  }

  async currentSinks(): Promise<Receiver[]> {
    const names = ((await this.store.settings())[this.collector]?.offload ?? '').split(',');
    return this.receivers.filter(({ name }) => names.includes(name));
  }

  /** Late enough that a source would drop its oldest events. */
  get isOld(): boolean {
    return this.clock.nowMs - startMs > daysMax * 86_400_000;
  }

  has(sink: string, seq: number): boolean {
    const receiver = this.receivers.find(({ name }) => name === sink);
    return receiver?.delivered().some((event) => event.seq === seq) ?? false;
  }

  /** Why the last run failed; undefined if it did not. */
  get failure(): string | undefined {
    return this.temporal.failures.get(this.collectionId);
  }

  /** Whether the last run has reached the end of what the source has. */
  get hasCaughtUp(): boolean {
    return (this.temporal.results.get(this.collectionId) as Progress | undefined)?.state === 'caught up';
  }

  /** Deletes the rows of the oldest events, as somebody does who drops a partition. */
  deleteByHand(upToSeq: number): void {
    this.books.removedByHand(upToSeq);
    this.#disk.change(`DELETE FROM audit_events WHERE seq <= ${upToSeq}`);
  }

  /** As `trawl reset NAME --rejected` does. */
  async resetToRejected(): Promise<void> {
    this.#byHand += 1;
    await this.store.resetToRejected(this.collector, `cli/${this.#byHand}`);
    this.#disk.wrote();
  }

  query<Row>(sql: string): Row[] {
    return this.#disk.query<Row>(sql);
  }

  end(): void {
    for (const worker of this.temporal.workers) worker.die();
  }

  addWorker(): void {
    this.#workers += 1;
    this.temporal.workers.push(new Worker(`w${this.#workers}`, this.#surroundings));
  }

  #happened(moment: Moment, store: SqliteStore): void {
    const take = this.next.get(moment);
    const worker = this.temporal.workers.find((one) => one.store === store);
    if (!take || !worker) return;
    this.next.delete(moment);
    this.clock.alarm(0, () => take(worker));
  }

  /** A power cut must not take back what has left the store: other events would get its numbers. */
  #requireDurable(who: string, given: readonly { seq: number; id: string }[]): void {
    const surviving = this.#disk.querySurviving<{ seq: number; id: string }>(presentEvents);
    if (!surviving) return;
    const idOf = (rows: readonly { seq: number; id: string }[]) => new Map(rows.map(({ seq, id }) => [seq, id]));
    const [now, after] = [idOf(this.query(presentEvents)), idOf(surviving)];
    const early = given.filter(({ seq, id }) => now.get(seq) === id && after.get(seq) !== id);
    if (early.length > 0) this.books.problems.push(`${who} has ${early[0]!.id}, which a power cut would take back`);
  }

  /** A process dies, and another takes its place. */
  crash(worker: Worker): void {
    const { workers, tasks } = this.temporal;
    if (!workers.includes(worker)) return;
    workers.splice(workers.indexOf(worker), 1);
    for (const task of tasks) if (task.current?.worker === worker) task.workerDied(task.current);
    worker.die();
    if (workers.length === 0) this.addWorker();
  }

  /** A process stops, and goes on later. The server gives up what it was doing. */
  stop(worker: Worker, ms: number): void {
    worker.stopped = true;
    for (const task of this.temporal.tasks) if (task.current?.worker === worker) task.workerDied(task.current);
    this.clock.alarm(ms, () => {
      worker.stopped = false;
    });
  }

  cutPower(random: Random): void {
    const { workers } = this.temporal;
    const count = workers.length;
    const dying = workers.splice(0);
    for (const task of this.temporal.tasks) if (task.current) task.workerDied(task.current);
    this.#disk.cutPower(random);
    for (const worker of dying) worker.die();
    for (let nth = 0; nth < count; nth += 1) this.addWorker();
  }

  /** Starts M10 as its cron would, unless it runs. */
  collect(): void {
    if (this.temporal.isOpen(this.collectionId)) return;
    const signals = this.commands.take();
    const { historyEventsMax, collector } = this;
    this.temporal.begin({
      type: 'recurringAuditCollection',
      id: this.collectionId,
      args: [{ collector, historyEventsMax }],
      cron: cron.text,
      signals,
    });
  }

  /** Starts a workflow by hand, under an id of its own, which it returns. */
  byHand(type: string, input: object, onClosed: (outcome: { error?: unknown }) => void = () => {}): string {
    this.#byHand += 1;
    const id = `${type}-by-hand-${this.#byHand}`;
    this.temporal.begin({ type, id, args: [{ collector: this.collector, ...input }] }, onClosed);
    return id;
  }

  #tick(): void {
    this.clock.alarm(cron.everyMs, () => {
      this.collect();
      this.#tick();
    });
  }
}
