import { counted } from '../counted.js';
import type { Checkpoint } from '../domain.js';
import { placeInWords } from '../progress-words.js';
import type { Store } from '../stores/store.js';
import { epochNanoseconds, utcText } from '../timestamp.js';
import { liveLine } from './live-line.js';
import { tell } from './output.js';

const everyMs = 1_000;

type Standing = Pick<Checkpoint, 'caughtUpAt' | 'lastDateTime' | 'lastSeq' | 'newestTimestamp' | 'pages'>;

interface Followed {
  /** The standing that the last line about the collector told of. */
  told: Standing;
  latest: Standing;
  /** When the walk under way was first seen to move; null if none is. */
  movesSinceMs: number | null;
}

/**
 * Shows what the collectors of a store do, whoever began their runs: a walk under way on a terminal's last line, and a
 * line for each run that has brought something.
 */
export class CollectionWatch {
  readonly #store: Pick<Store, 'checkpoint'>;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<Store, 'checkpoint'>) {
    this.#store = store;
  }

  /** @param names the collectors; resolves once it is known where they stand */
  async start(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const latest = await this.#store.checkpoint(name);
      this.#followed.set(name, { told: latest, latest, movesSinceMs: null });
    }
    const look = () => {
      this.#timer = setTimeout(() => void this.look().finally(look), everyMs);
    };
    look();
  }

  stop(): void {
    clearTimeout(this.#timer);
    liveLine.show('');
  }

  /** A store that cannot be read now is a problem that others report. */
  async look(nowMs = Date.now()): Promise<void> {
    for (const [name, followed] of this.#followed) {
      const standing = await this.#store.checkpoint(name).catch(() => followed.latest);
      if (standing.pages > followed.latest.pages) followed.movesSinceMs ??= nowMs - everyMs;
      followed.latest = standing;
      if (!isCaughtUp(standing)) continue;
      followed.movesSinceMs = null;
      if (standing.lastSeq > followed.told.lastSeq) tell(`${timeOfDay(nowMs)} ${brought(name, followed)}`);
      followed.told = standing;
    }
    const moving = [...this.#followed].filter(([, { movesSinceMs }]) => movesSinceMs !== null);
    liveLine.show(moving.map(([name, followed]) => underWay(name, followed, nowMs)).join('; '));
  }
}

function isCaughtUp({ caughtUpAt, lastDateTime }: Standing): boolean {
  return caughtUpAt !== null && caughtUpAt === lastDateTime;
}

function brought(name: string, { told, latest }: Followed): string {
  const events = latest.lastSeq - told.lastSeq;
  return `${name}: ${counted(events, 'new event')}${place(latest, events)}`;
}

function underWay(name: string, { told, latest, movesSinceMs }: Followed, nowMs: number): string {
  const events = latest.lastSeq - told.lastSeq;
  const pages = latest.pages - told.pages;
  const seconds = (nowMs - movesSinceMs!) / 1000;
  const rate = Math.round(events / seconds).toLocaleString('en');
  const read = `${counted(events, 'new event')} in ${counted(pages, 'page')} so far`;
  return `${name}: ${read}, ${rate}/s${place(latest, events)}`;
}

function place({ newestTimestamp }: Standing, newEvents: number): string {
  const newestNs = newestTimestamp === null ? null : epochNanoseconds(newestTimestamp);
  if (newestNs === null) return '';
  return `, ${placeInWords({ newEvents, newest: utcText(newestNs, 0).slice(0, 19).replace('T', ' ') })}`;
}

function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}
