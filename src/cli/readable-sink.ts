import { isReadable, type ReadableSink } from '../archive/fetch.js';
import { answerBounds, HttpClient } from '../http/client.js';
import { sinkOf, sinks } from '../sinks/registry.js';
import { resolveSink } from '../sinks/resolve.js';
import type { Store } from '../stores/store.js';
import type { Context } from './context.js';
import { WrongCall } from './wrong-call.js';

/**
 * Opens a sink whose objects can be read back; it is closed when the verb ends.
 * @param option that names it
 */
export async function readableSink(
  context: Context,
  store: Store,
  sink: string,
  option: string,
): Promise<ReadableSink> {
  const { env, tuning } = context.settings;
  const { kind, values } = resolveSink(sink, sinks, await store.settings(), env);
  const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
  context.onClose(() => http.close());
  const client = sinkOf(kind).open(values, { http, env });
  context.onClose(() => client.close());
  if (isReadable(client)) return client;
  throw new WrongCall(
    `The sink ${sink} is of the kind ${kind}, whose events cannot be read back.`,
    `${option} takes a sink of the kind files or s3.`,
  );
}
