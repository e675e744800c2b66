import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';

export interface Instruction {
  name: string;
  /** Its arguments, in one line. */
  rest: string;
}

/** The instructions of each stage of the Dockerfile. */
export function stages(): Instruction[][] {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '');
  const found: Instruction[][] = [];
  for (const line of lines) {
    const [, name, rest] = /^\s*(\w+)\s+(.*)$/.exec(line)!;
    if (name === 'FROM') found.push([]);
    found.at(-1)!.push({ name: name!, rest: rest! });
  }
  return found;
}

/** The paths that COPY takes from the checkout, and their targets. */
export function copied({ rest }: Instruction): { from: string[]; to: string } {
  const words = rest.split(/\s+/);
  return { from: words.slice(0, -1), to: words.at(-1)! };
}
