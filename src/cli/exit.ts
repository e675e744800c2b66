import type { Writable } from 'node:stream';
import { restoreSignals } from './interrupt.js';

/**
 * Ends this process for certain, whatever is still open in it, once what it has written has arrived. A signal ends it
 * sooner, where nobody reads.
 */
export async function exit(code: number): Promise<never> {
  restoreSignals();
  await Promise.all([arrived(process.stdout), arrived(process.stderr)]);
  process.exit(code);
}

function arrived(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable) resolve();
    else stream.write('', () => resolve());
  });
}
