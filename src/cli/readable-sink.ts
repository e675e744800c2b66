import { isReadable, type ReadableSink } from '../archive/fetch.js';
import type { Store } from '../stores/store.js';
import type { Context } from './context.js';
import { openSinks } from './sinks.js';
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
  const { kind, client } = (await openSinks(context, store, [sink]))[0]!;
  if (isReadable(client)) return client;
  throw new WrongCall(
    `The sink ${sink} is of the kind ${kind}, whose events cannot be read back.`,
    `${option} takes a sink of the kind files or s3.`,
  );
}
