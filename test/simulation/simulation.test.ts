import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('./', import.meta.url));

/** A process of its own: the simulation has a clock and a Temporal of its own. */
async function simulate(...options: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', `${folder}main.ts`, ...options], {
    env: { ...process.env, TSX_TSCONFIG_PATH: `${folder}tsconfig.json` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code: code as number, output };
}

describe('the simulation', { timeout: 300_000 }, () => {
  it('finds nothing lost, doubled or made up in any of its histories', async () => {
    const { code, output } = await simulate('--seeds', '12');
    expect(output).toContain('12 histories');
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it('finds a sink that says it has what it has not, and prints the seed that repeats it', async () => {
    const { code, output } = await simulate('--seeds', '8', '--source', 'asa', '--lying-sink');
    expect(code).toBe(1);
    // In the end, or as soon as its events are cleared, or while the other sink is slow.
    expect(output).toMatch(/ lacks: | does not have it| waits for /);
    const [, options] = /^Again: npm run simulate -- (.*)$/m.exec(output)!;
    const again = await simulate(...options!.split(' '));
    expect(again.code).toBe(1);
    expect(withoutTimes(again.output)).toBe(withoutTimes(output));
  });
});

/** The last line says how fast it was, and how many histories came before. */
function withoutTimes(output: string): string {
  return output.trim().split('\n').slice(0, -1).join('\n');
}
