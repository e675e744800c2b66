import { tell } from './output.js';

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof codes;
const endings = Object.keys(codes) as Ending[];

const listeners = new Map<Ending, () => void>();

/**
 * Resolves with the exit code when Ctrl-C, SIGTERM or a closed terminal asks this process to end. The second one ends
 * it at once.
 */
export function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    restoreSignals();
    let asked = false;
    for (const signal of endings) {
      const heard = () => {
        if (asked) endAtOnce(codes[signal]);
        asked = true;
        resolve(codes[signal]);
      };
      listeners.set(signal, heard);
      process.on(signal, heard);
    }
  });
}

/** What comes up, or the exit code where this process is asked to end before it has. */
export function unless<T>(ended: Promise<number>, comingUp: Promise<T>): Promise<T | number> {
  comingUp.catch(() => undefined);
  return Promise.race([comingUp, ended]);
}

/** From here on each signal ends this process, as it does before `interrupted`. */
export function restoreSignals(): void {
  for (const [signal, listener] of listeners) process.off(signal, listener);
  listeners.clear();
}

function endAtOnce(code: number): never {
  tell('Ended at once: what was in hand is not finished. Nothing is lost: the next run goes on from there.');
  process.exit(code);
}
