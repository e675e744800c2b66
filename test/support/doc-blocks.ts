import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';

export interface Block {
  /** The word after the opening fence, such as `sql`; empty for commands. */
  language: string;
  content: string;
}

export const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** The code blocks of a page, also those that are indented in a list. */
export function blocksOf(page: string): Block[] {
  return [...textOf(page).matchAll(/^([ \t]*)(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)^\1\2[ \t]*$/gm)].map(
    ([, , , language, content]) => ({ language: language!.trim(), content: content! }),
  );
}

/** The block of a page that begins with this text. */
export function blockThatBegins(page: string, text: string): string {
  const [block, ...more] = blocksOf(page).filter(({ content }) => content.startsWith(text));
  if (!block || more.length > 0) throw new Error(`${page} needs one code block that begins with "${text}"`);
  return block.content;
}
