import { leftOutText } from '../../src/skyflow-content.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { type Collector, collectors, type Scene } from './scene.js';

/** The events of each source: one line each, with id, time and raw event in the bytes that must be stored. */
function truthOf(scene: Scene, collector: Collector): string[] {
  const { asa, descope, skyflow } = scene.demos;
  switch (collector) {
    case 'asa':
      return [...asa.truth()].map(({ timestamp, details }) => `${timestamp} ${details}`);
    case 'descope':
      return descope.truth().map(({ occurred, text }) => `${new Date(occurred).toISOString()} ${text}`);
    case 'skyflow':
      return skyflow.truth().map((event) => {
        const [asked, answered] = event.contents.map((text) =>
          ['null', '""'].includes(text) ? text : JSON.stringify(leftOutText),
        );
        return `${event.timestamp.replace(' ', 'T')}Z ${event.text([asked!, answered!])}`;
      });
  }
}

export interface Difference {
  collector: Collector;
  stored: number;
  truth: number;
  missing: number;
  extra: number;
  /** One example of each difference, truncated. */
  examples: string[];
}

/** The differences between the store and the sources. */
export async function differences(scene: Scene): Promise<Difference[]> {
  const store = new SqliteStore(scene.storePath);
  try {
    const found: Difference[] = [];
    for (const collector of collectors) {
      const events = await store.events({ collector, afterSeq: 0 }, 10_000_000);
      const difference = compare(
        collector,
        truthOf(scene, collector),
        events.map(({ timestamp, rawEvent }) => `${timestamp} ${rawEvent}`),
      );
      if (difference) found.push(difference);
    }
    return found;
  } finally {
    await store.close();
  }
}

/** Lines may occur several times: equal events without an id do. */
function compare(collector: Collector, truth: readonly string[], stored: readonly string[]): Difference | null {
  const counts = new Map<string, number>();
  for (const line of truth) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of stored) counts.set(line, (counts.get(line) ?? 0) - 1);
  const odd = [...counts].filter(([, count]) => count !== 0);
  if (odd.length === 0) return null;
  const sum = (sign: 1 | -1) => odd.reduce((total, [, count]) => total + Math.max(0, sign * count), 0);
  return {
    collector,
    stored: stored.length,
    truth: truth.length,
    missing: sum(1),
    extra: sum(-1),
    examples: odd.slice(0, 3).map(([line, count]) => `${count > 0 ? 'missing' : 'extra'}: ${line.slice(0, 300)}`),
  };
}

/** Commands carried out so far, according to the execution log. */
export async function commandLines(
  scene: Scene,
): Promise<Record<Collector, { resetCheckpoint: number; clearEvents: number }>> {
  const store = new SqliteStore(scene.storePath);
  try {
    const lines = await store.executionLog({ limit: 10_000_000 });
    const count = (collector: Collector, note: string) =>
      lines.filter((line) => line.collector === collector && line.notes === note).length;
    const of = (collector: Collector) => ({
      resetCheckpoint: count(collector, 'Reset checkpoint'),
      clearEvents: count(collector, 'Cleared events table'),
    });
    return { asa: of('asa'), descope: of('descope'), skyflow: of('skyflow') };
  } finally {
    await store.close();
  }
}
