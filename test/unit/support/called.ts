import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { main } from '../../../src/cli/main.js';

export interface Called {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command in this process, with the settings of its environment (`vi.stubEnv`). */
export async function called(...args: readonly string[]): Promise<Called> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
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

/** Makes an empty folder, without a `.env`, this process's own until the test is over. Ends the stubs of the environment, too. */
export function inOwnFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-called-'));
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
