import { expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';

/** Runs the command in this process. */
async function called(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text;
      return true;
    }),
  );
  const before = process.stdout.listeners('error');
  try {
    return { code: await main(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    for (const listener of process.stdout.listeners('error'))
      if (!before.includes(listener)) process.stdout.off('error', listener as () => void);
  }
}

it.each([
  ['bogus'],
  ['collect'],
  [],
  ['env', 'set', 'asa', 'searchCount'],
  ['demo', 'bogus'],
  ['events', '--format', 'xml'],
  ['events', '--limit', '0'],
  ['events', '--format=json', '--since', 'foo'],
  ['events', '--format=json', '--follow'],
  ['events', '--where', 'usr:ada'],
  ['events', '--where', '"ok"', '--where=http://x'],
  ['events', '--tail', '3', '--oldest'],
  ['events', 'show'],
  ['log', '--limit', 'x'],
  ['up', '--port', '65536'],
  ['demo', '--interval=-1'],
])('a wrong call ends with 2, and writes no result: trawl %s %s %s', async (...args) => {
  const { code, stdout, stderr } = await called(args.filter((arg) => typeof arg === 'string'));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).not.toBe('');
});
