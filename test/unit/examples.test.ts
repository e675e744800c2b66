import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/program.js';
import { examples } from '../../src/cli/examples.js';

/** The words of every verb that can be called. */
function verbs(command: Command, prefix = ''): string[] {
  return command.commands.flatMap((one) => {
    const name = `${prefix}${one.name()}`;
    const isVerb = one.commands.length === 0 || one.registeredArguments.length > 0;
    return [...(isVerb ? [name] : []), ...verbs(one, `${name} `)];
  });
}

/** The words of the trawl call in a shell line. */
function wordsOf(line: string): string[] {
  const call = /\btrawl (.*)$/.exec(line)![1]!;
  const words: string[] = [];
  for (const [, quoted, plain] of call.matchAll(/'([^']*)'|([^\s']+)/g)) {
    if (plain !== undefined && /^[|>]/.test(plain)) break;
    words.push(quoted ?? plain!.replace(/\)$/, ''));
  }
  return words;
}

describe('the examples of --help', () => {
  it('exist for every verb, and for no other', async () => {
    const all = verbs(await commands(() => undefined));
    const shown = Object.keys(examples).filter((verb) => examples[verb]!.length > 0);
    expect(shown.sort()).toEqual(all.sort());
  });

  it.each(Object.entries(examples).flatMap(([verb, own]) => own.map(([line]) => [verb, line])))(
    '%s: %s',
    async (verb, line) => {
      let chosen = 0;
      const program = await commands(() => {
        chosen += 1;
      });
      const words = wordsOf(line);
      expect(words.slice(0, verb.split(' ').length).join(' ')).toBe(verb);
      await program.parseAsync(words, { from: 'user' });
      expect(chosen).toBe(1);
    },
  );
});
