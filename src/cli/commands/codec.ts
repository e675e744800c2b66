import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { wholeNumber } from './options.js';

export function addCodec(program: Command, choose: Choose): void {
  const codec = program.command('codec').description("encryption of Temporal's payloads");
  codec
    .command('serve')
    .description('decrypt payloads for the Temporal UI and the temporal command')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', wholeNumber(0, 65_535), 8888)
    .option('--origin <url...>', 'origin of the Temporal UI, whose pages may send requests')
    .action((options) => choose(async (context) => (await import('../verbs/codec.js')).codecServe(context, options)));
  codec
    .command('key [id]')
    .description('make a key for TRAWL_PAYLOAD_KEYS')
    .action((id = 'k1') => choose(async () => (await import('../verbs/codec.js')).codecKey(id)));
}
