import type { Command } from 'commander';
import { print, printable } from '../output.js';
import { behindBreak, candidates, type Names, rejoined } from './words.js';

/** Answers a shell that calls `__complete SHELL WORD…`; prints nothing if there are no candidates. */
export async function complete(
  programOf: (word: string | undefined) => Promise<Command>,
  [shell, ...given]: readonly string[],
): Promise<number> {
  const words = shell === 'bash' ? rejoined(given) : given;
  // The last word is still being typed, so it names no verb yet.
  const program = await programOf(words.length > 1 ? words[0] : undefined);
  const found = await candidates(program, words, names).catch(() => []);
  const shown = found.map(({ value, description }) => {
    const text = shell === 'bash' ? behindBreak(value, words.at(-1) ?? '') : value;
    return `${printable(text)}\t${printable(description)}\n`;
  });
  await print(shown.join(''));
  return 0;
}

/** Most words are completed without them, and a press of Tab should not wait for what it does not need. */
const names: Names = {
  collectors: async () => (await import('./names.js')).namesHere.collectors(),
  sinks: async () => (await import('./names.js')).namesHere.sinks(),
  types: async () => (await import('./names.js')).namesHere.types(),
  settings: async (name, typed) => (await import('./names.js')).namesHere.settings(name, typed),
  rows: async (name) => (await import('./names.js')).namesHere.rows(name),
};
