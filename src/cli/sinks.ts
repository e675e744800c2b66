import { answerBounds, HttpClient } from '../http/client.js';
import { sinkOf, sinks } from '../sinks/registry.js';
import { resolveSink } from '../sinks/resolve.js';
import type { SinkClient } from '../sinks/sink.js';
import type { Store } from '../stores/store.js';
import type { Context } from './context.js';

interface OpenedSink {
  sink: string;
  kind: string;
  client: SinkClient;
}

/** Opens sinks by their names; they are closed when the verb ends. @throws TrawlError SETTINGS_INVALID */
export async function openSinks(context: Context, store: Store, names: readonly string[]): Promise<OpenedSink[]> {
  const { env, tuning } = context.settings;
  const table = await store.settings();
  const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
  context.onClose(() => http.close());
  return names.map((sink) => {
    const { kind, values } = resolveSink(sink, sinks, table, env);
    const client = sinkOf(kind).open(values, { http, env });
    context.onClose(() => client.close());
    return { sink, kind, client };
  });
}
