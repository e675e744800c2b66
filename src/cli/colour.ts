import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'yellow' | 'magenta' | 'blue';

/** Colours a text for standard output: on a terminal, and as NO_COLOR and FORCE_COLOR say. */
export type Paint = (style: Style | undefined, text: string) => string;

/** Asks once per style what Node.js would put around a text. */
export function painter(): Paint {
  const around = new Map<Style, readonly [string, string]>();
  return (style, text) => {
    if (style === undefined || text === '') return text;
    let marks = around.get(style);
    if (!marks) {
      const [before = '', after = ''] = styleText(style, '\n').split('\n');
      marks = [before, after];
      around.set(style, marks);
    }
    return `${marks[0]}${text}${marks[1]}`;
  };
}
