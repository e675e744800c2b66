import type { Writable } from 'node:stream';
import { restoreSignals } from './interrupt.js';

/**
 * Ends this process once its output has been flushed, whatever is still open in it. If no one reads the output, a
 * signal ends it sooner.
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
