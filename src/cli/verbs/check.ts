import { reasonOf, sentence, TrawlError } from '../../errors.js';
import { HttpClient } from '../../http/client.js';
import type { CollectorSettings } from '../../settings/collector.js';
import { offloadSettings } from '../../settings/offload.js';
import { resolveSink } from '../../settings/sinks.js';
import { sinkOf, sinks } from '../../sinks/registry.js';
import { sourceOf } from '../../sources/registry.js';
import type { Store } from '../../stores/store.js';
import { connect } from '../../temporal/connection.js';
import type { Context } from '../context.js';
import { print, printJson } from '../output.js';
import { findTemporal } from '../temporal-session.js';

/** A sink that does not answer is not waited for longer. */
const sinkMaxMs = 30_000;

interface CheckLine {
  check: string;
  ok: boolean;
  detail: string;
}

/** `trawl check NAME`: tries settings, credentials, a first page (nothing is stored), each sink and Temporal. */
export async function check(context: Context, name: string, options: { json?: boolean }): Promise<number> {
  const lines: CheckLine[] = [];
  const attempt = async <T>(what: string, body: () => Promise<[T, string]>): Promise<T | undefined> => {
    try {
      const [value, detail] = await body();
      lines.push({ check: what, ok: true, detail });
      return value;
    } catch (error) {
      lines.push({ check: what, ok: false, detail: error instanceof TrawlError ? sentence(error) : reasonOf(error) });
      return undefined;
    }
  };
  const store = await attempt('store', async () => [await context.openStore(), context.settings.store.name]);
  const settings =
    store &&
    (await attempt<CollectorSettings>('settings', async () => {
      const found = await context.collectorSettings(store, name);
      return [found, `source ${found.source}`];
    }));
  if (settings) {
    await attempt('first page', () => firstPage(context, store, settings));
    for (const sink of offloadSettings(settings.values).sinks)
      await attempt(`sink ${sink}`, async () => [null, await tried(context, store, sink)]);
  }
  await attempt('Temporal', async () => {
    const address = await findTemporal(context);
    if (!address) return [null, 'none is running here or configured; "trawl up" brings its own'];
    await (await connect(address)).connection.close();
    return [null, `${address.connection.address}, namespace ${address.namespace}`];
  });
  if (options.json) await printJson(lines);
  else
    await print(
      lines.map(({ check: what, ok, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${what}: ${detail}\n`).join(''),
    );
  return lines.every((line) => line.ok) ? 0 : 1;
}

async function firstPage(context: Context, store: Store, settings: CollectorSettings): Promise<[null, string]> {
  const http = new HttpClient({}, context.settings.env as NodeJS.ProcessEnv);
  context.onClose(() => http.close());
  const source = sourceOf(settings.source);
  const client = source.open(settings, http);
  const waitMs = source.requestLimit ? await store.reserveRequest(client.place, source.requestLimit) : 0;
  if (waitMs > 0) {
    throw new TrawlError('RATE_LIMITED', 'The source allows no further request now.', {
      hint: `Try again in ${Math.ceil(waitMs / 1000)} s.`,
    });
  }
  const page = await client.fetchPage('');
  const { events, rejected } = page.content;
  return [
    null,
    `${client.place}: ${events.length} events${rejected.length > 0 ? `, ${rejected.length} that do not fit` : ''}${page.more ? ', and more after them' : ''}`,
  ];
}

/** Writes what it can take away again, where the sink lets it. */
async function tried(context: Context, store: Store, name: string): Promise<string> {
  const { env } = context.settings;
  const settings = resolveSink(name, sinks, await store.settings(), env);
  const http = new HttpClient({}, env as NodeJS.ProcessEnv);
  const client = sinkOf(settings.kind).open(settings, { http, env });
  try {
    await client.check(AbortSignal.timeout(sinkMaxMs));
    return `${settings.kind} ${client.place}`;
  } finally {
    await client.close();
    await http.close();
  }
}
