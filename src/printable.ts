/**
 * Characters that can control a terminal or disguise text: C0 and C1 controls, DEL, line and paragraph separators, and
 * marks that change the direction of text.
 */
const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Makes a text safe for a terminal: escapes each harmful character as `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(harmful, escaped);
}

/** Makes JSON text safe for a terminal: the same JSON on one line, with harmful characters inside strings escaped. */
export function printableJson(json: string): string {
  return json.replace(/[\n\r\t]/g, ' ').replace(harmful, escaped);
}

/** The same on several lines: line feeds of the text itself stay. Not for texts of others, which could forge lines. */
export function printableLines(text: string, each = printable): string {
  return text
    .split('\n')
    .map((line) => each(line))
    .join('\n');
}

/** The record of a log with every text in it safe for a terminal. A stack keeps its lines. */
export function printableRecord(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return name === 'stack' ? printableLines(value) : printable(value);
  if (Array.isArray(value)) return value.map((one) => printableRecord(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [printable(key), printableRecord(one, key)]));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
