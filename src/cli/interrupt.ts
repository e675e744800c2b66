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

/** Resolves with the value, or with the exit code if this process is asked to end first. */
export function unless<T>(ended: Promise<number>, comingUp: Promise<T>): Promise<T | number> {
  comingUp.catch(() => undefined);
  return Promise.race([comingUp, ended]);
}

/** Restores the default: each signal ends this process again, as before `interrupted`. */
export function restoreSignals(): void {
  for (const [signal, listener] of listeners) process.off(signal, listener);
  listeners.clear();
}

function endAtOnce(code: number): never {
  tell('Ended at once: the work in progress is not finished. Nothing is lost: the next run continues from there.');
  process.exit(code);
}
