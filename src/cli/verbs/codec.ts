import { TrawlError } from '../../errors.js';
import { newKey } from '../../temporal/codec/keys.js';
import { serveCodec } from '../../temporal/codec/server.js';
import { configuredTemporal } from '../../temporal/connection.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { print, tell } from '../output.js';

/** `trawl codec serve`: decrypts payloads for the Temporal UI and the `temporal` command, until Ctrl-C. */
export async function codecServe(
  context: Context,
  { host, port, origin: origins = [] }: { host: string; port: number; origin?: string[] },
): Promise<number> {
  const ended = interrupted();
  const { payloadKeys, codecToken: token, httpHosts: names, env } = context.settings;
  if (!payloadKeys) {
    throw new TrawlError('SETTINGS_INVALID', 'TRAWL_PAYLOAD_KEYS is not set, so nothing is encrypted.', {
      hint: '"trawl codec key" makes a key.',
    });
  }
  const namespace = configuredTemporal(env)?.namespace ?? 'default';
  const named = { origins: origins.map(originOf), names };
  const server = await serveCodec(payloadKeys, { host, port, token, namespace, ...named, warn: tell });
  context.onClose(() => server.close());
  await print(`${server.url}\n`);
  tell(
    `Pass it to the temporal command as --codec-endpoint ${server.url}, and enter it in the UI's settings. Ctrl-C ends it.`,
  );
  await ended;
  return 0;
}

/** An origin in the form that browsers send. A pattern would open the server to every page. */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== '' && !text.includes('*')) return url.origin;
  throw new TrawlError('SETTINGS_INVALID', `--origin ${JSON.stringify(text)} is not the origin of a site.`, {
    hint: 'Give the address of the Temporal UI, for example http://localhost:8233.',
  });
}

/** `trawl codec key`: prints a new key in the form of TRAWL_PAYLOAD_KEYS. */
export async function codecKey(id: string): Promise<number> {
  await print(`${newKey(id)}\n`);
  return 0;
}
