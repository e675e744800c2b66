import { expect, it } from 'vitest';
import type { Context } from '../../activities/context.js';
import { clearEvents } from '../../activities/events.js';

/** A store whose clearing takes so many parts, each of which works synchronously. */
function contextOf(parts: number, onPart: (part: number) => void = () => undefined) {
  const done = { parts: 0 };
  const store = {
    clearEvents: async () => null,
    removeCleared: async () => {
      done.parts += 1;
      onPart(done.parts);
      return done.parts < parts;
    },
  };
  const collectors = { require: async () => undefined, sinks: async () => [] };
  return { context: { store, collectors } as unknown as Context, done };
}

const input = { collector: 'asa', keys: ['k'] };

it('a clearing lets the heartbeat and the other activities have their turn between its parts', async () => {
  let turns = 0;
  let over = false;
  const beat = () => {
    turns += 1;
    if (!over) setImmediate(beat);
  };
  setImmediate(beat);
  const { context, done } = contextOf(100);
  expect(await clearEvents(context, input, new AbortController().signal)).toBeNull();
  over = true;
  expect(done.parts).toBe(100);
  expect(turns).toBeGreaterThanOrEqual(99);
});

it('a clearing whose attempt has been given up does no more, and leaves the rest to the next attempt', async () => {
  const given = new AbortController();
  const { context, done } = contextOf(100, (part) => part === 3 && given.abort());
  await expect(clearEvents(context, input, given.signal)).rejects.toThrow();
  expect(done.parts).toBe(3);
});
