import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { clear } from '../../src/cli/verbs/maintenance.js';

/** A context over a store of three events, and how often it has been cleared. */
function contextOf(): { context: Context; clearEvents: ReturnType<typeof vi.fn> } {
  const clearEvents = vi.fn(async () => undefined);
  const store = { eventCount: async () => 3, clearEvents };
  const context = { existingStore: () => store, requireCollector: async () => undefined } as unknown as Context;
  return { context, clearEvents };
}

const isTerminal = process.stdin.isTTY;

afterEach(() => {
  process.stdin.isTTY = isTerminal;
  vi.restoreAllMocks();
});

describe('trawl clear, where nobody can be asked', () => {
  it.each([false, undefined])('deletes nothing without --yes, and says so (stdin.isTTY %s)', async (isTTY) => {
    process.stdin.isTTY = isTTY as boolean;
    const { context, clearEvents } = contextOf();
    await expect(clear(context, 'asa', {})).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      hint: expect.stringContaining('--yes'),
    });
    expect(clearEvents).not.toHaveBeenCalled();
  });

  it('deletes with --yes', async () => {
    process.stdin.isTTY = false;
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { context, clearEvents } = contextOf();
    expect(await clear(context, 'asa', { yes: true })).toBe(0);
    expect(clearEvents).toHaveBeenCalledOnce();
  });
});
