import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';

export interface Instruction {
  name: string;
  /** Its arguments, in one line. */
  rest: string;
}

/** The instructions of each stage of a Dockerfile, by default Trawl's own, with the defaults of its arguments. */
export function stages(path = join(root, 'Dockerfile')): Instruction[][] {
  const lines = readFileSync(path, 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const found: Instruction[][] = [];
  const defaults: Record<string, string> = {};
  for (const line of lines) {
    const [, name, written] = /^\s*(\w+)\s+(.*)$/.exec(line)!;
    const rest = written!.replaceAll(/\$\{?(\w+)\}?/g, (whole, arg: string) => defaults[arg] ?? whole);
    const [, arg, value] = /^ARG (\w+)(?:="?([^"]*)"?)?$/.exec(line) ?? [];
    if (arg) {
      if (value !== undefined) defaults[arg] = value;
      continue;
    }
    if (name === 'FROM') found.push([]);
    found.at(-1)!.push({ name: name!, rest });
  }
  return found;
}

/** The paths that COPY takes from the checkout, and their targets. */
export function copied({ rest }: Instruction): { from: string[]; to: string } {
  const words = rest.split(/\s+/);
  return { from: words.slice(0, -1), to: words.at(-1)! };
}
