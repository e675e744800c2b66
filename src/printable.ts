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

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
