import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { clear } from '../../src/cli/verbs/maintenance.js';

/** A context over a store of three events, `lacking` of which a sink does not have, and the mock that clears it. */
function contextOf(lacking = 0): { context: Context; clearEvents: ReturnType<typeof vi.fn> } {
  const clearEvents = vi.fn(async (_: string, __: unknown, ___: unknown, force: boolean) =>
    lacking > 0 && !force ? `Not cleared: ${lacking} events` : null,
  );
  const store = {
    eventCount: async () => 3,
    settings: async () => ({ asa: { offload: 'archive' } }),
    offload: { backlog: async () => lacking },
    clearEvents,
    removeCleared: async () => false,
  };
  const context = {
    existingStore: () => store,
    requireCollector: async () => undefined,
    settings: { env: {} },
  } as unknown as Context;
  return { context, clearEvents };
}

const isTerminal = process.stdin.isTTY;

afterEach(() => {
  process.stdin.isTTY = isTerminal;
  vi.restoreAllMocks();
});

describe('trawl clear without a terminal', () => {
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

  it('deletes nothing with --yes while a sink lacks some events, and everything with --force', async () => {
    process.stdin.isTTY = false;
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { context, clearEvents } = contextOf(2);
    await expect(clear(context, 'asa', { yes: true })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'Not cleared: 2 events.',
      hint: expect.stringContaining('trawl clear asa --force'),
    });
    expect(await clear(context, 'asa', { force: true })).toBe(0);
    expect(clearEvents).toHaveBeenLastCalledWith('asa', [expect.any(String)], ['archive'], true);
  });
});
