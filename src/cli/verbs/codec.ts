import { TrawlError } from '../../errors.js';
import { EncryptionCodec } from '../../temporal/codec/codec.js';
import { newKey } from '../../temporal/codec/keys.js';
import { serveCodec } from '../../temporal/codec/server.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { print, tell } from '../output.js';

/** `trawl codec serve`: decrypts payloads for the Temporal UI and the `temporal` command, until Ctrl-C. */
export async function codecServe(
  context: Context,
  { host, port, origin: origins = [] }: { host: string; port: number; origin?: string[] },
): Promise<number> {
  const ended = interrupted();
  const { payloadKeys, codecToken: token } = context.settings;
  if (!payloadKeys) {
    throw new TrawlError('SETTINGS_INVALID', 'TRAWL_PAYLOAD_KEYS is not set, so nothing is encrypted.', {
      hint: '"trawl codec key" makes a key.',
    });
  }
  const server = await serveCodec(new EncryptionCodec(payloadKeys), { host, port, origins, token });
  context.onClose(() => server.close());
  await print(`${server.url}\n`);
  tell(
    `Pass it to the temporal command as --codec-endpoint ${server.url}, and enter it in the UI's settings. Ctrl-C ends it.`,
  );
  await ended;
  return 0;
}

/** `trawl codec key`: prints a new key in the form of TRAWL_PAYLOAD_KEYS. */
export async function codecKey(id: string): Promise<number> {
  await print(`${newKey(id)}\n`);
  return 0;
}
