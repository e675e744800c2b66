import { OtlpReceiver, type Span } from '../test/support/otlp.js';
import { withFastTeam } from './demo-teams.js';
import type { Figure, Measured } from './figures.js';
import type { Sizes, StoreKind } from './sizes.js';
import { type Stores, storeNames } from './stores.js';
import { collect } from './walk.js';

const pageEvents = 1_000;

/** ms per page. */
interface Parts {
  whole: number;
  request: number;
  fetch: number;
  stage: number;
  enrich: number;
  transaction: number;
  write: number;
}

/** Shows how a page's time is spent, from the traces of a whole collection without API latency. */
export async function profile({ events, runs, stores: kinds }: Sizes, stores: Stores): Promise<Measured> {
  const figures: Figure[] = [];
  for (const kind of kinds) {
    const measured: Parts[] = [];
    for (let run = 0; run < runs; run += 1) measured.push(await partsOf(kind, stores, events));
    const whole = measured.map((parts) => parts.whole);
    const to = { name: `${storeNames[kind]}, a page`, values: whole };
    figures.push({ ...to, unit: 'ms/page' });
    for (const [name, of] of rows)
      figures.push({ name: `${storeNames[kind]}, ${name}`, unit: 'ms/page', values: measured.map(of), to });
  }
  return { figures };
}

const rows: readonly (readonly [name: string, of: (parts: Parts) => number])[] = [
  ['request, in parallel with the rest', ({ request }) => request],
  ['fetch: waiting for it, and parsing', ({ fetch, stage }) => fetch - stage],
  ['fetch: staging', ({ stage }) => stage],
  ['enrich', ({ enrich }) => enrich],
  ['write: the transaction', ({ transaction }) => transaction],
  ['write: the rest', ({ write, transaction }) => write - transaction],
  ['a page less its steps', ({ whole, fetch, enrich, write }) => whole - fetch - enrich - write],
];

async function partsOf(kind: StoreKind, stores: Stores, events: number): Promise<Parts> {
  const receiver = new OtlpReceiver();
  const store = await stores.make(kind);
  try {
    const tracing = await receiver.start();
    const rate = await withFastTeam({ events, latencyMs: 0 }, (env) =>
      collect({ ...env, ...tracing, TRAWL_STORE: store.text }, events),
    );
    const pages = events / pageEvents;
    const sum = (name: RegExp) =>
      receiver.spans.filter((span) => name.test(span.name)).reduce((ms, span) => ms + durationMs(span), 0) / pages;
    return {
      whole: (events / rate / pages) * 1_000,
      request: sum(/^GET /),
      fetch: sum(/^RunActivity:fetchPages$/),
      stage: sum(/^store\.stagePage$/),
      enrich: sum(/^RunActivity:enrichPages$/),
      transaction: sum(/^store\.writePage$/),
      write: sum(/^RunActivity:writePages$/),
    };
  } finally {
    await store.remove();
    receiver.close();
  }
}

function durationMs({ startTimeUnixNano, endTimeUnixNano }: Span): number {
  return Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;
}
