/** Characters that creep in when a text is copied from a web page, a chat, a shell or a Windows file. */
const pasted: readonly [RegExp, string][] = [
  [/[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/, 'an invisible character'],
  [/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/, 'a no-break or other special space'],
  [/\r/, 'a carriage return'],
  [/[\n\u0085\u2028\u2029]/, 'a line break'],
  [/\t/, 'a tab'],
  [/[\u0000-\u001f\u007f-\u009f]/, 'a control character'],
  [/\ufffd/, 'a character that was lost in another encoding'],
];

/** Legitimate in a password that a person chose, but a mistake in a name, a URL or a key. */
const wrapped: readonly [RegExp, string][] = [
  [/^ | $/, 'a space at one end'],
  [/^(["'`]).*\1$/, 'quotation marks around it'],
  [/^[\u2018-\u201f\u00ab\u00bb]|[\u2018-\u201f\u00ab\u00bb]$/, 'typographic quotation marks'],
  [/^\$(?:\{[^}]*\}|\([^)]*\)|[A-Za-z_]\w*)$/, 'the form of a variable, which nothing has replaced by its value'],
];

/** Further characters that a key or token never contains. */
const outsideKeys: readonly [RegExp, string][] = [
  [/ /, 'a space'],
  [/["'`\u2018-\u201f]/, 'a quotation mark'],
  [/[\u2010-\u2015\u2212]/, 'a typographic dash'],
  [/[\u00b7\u2022\u2026\u25cf]/, 'dots that stand for hidden characters'],
  [/[^\u0021-\u007e]/, 'a character outside ASCII'],
];

/** Names the first thing in a text that its author did not mean, but never the text itself; undefined if all is well. */
export function oddCharacter(text: string): string | undefined {
  return firstKind([...pasted, ...wrapped], text);
}

/** The same for a secret that a person chose. */
export function oddInPassword(text: string): string | undefined {
  return firstKind(pasted, text);
}

/** The same for a key or a token, which is printable ASCII without spaces and quotation marks. */
export function oddInKey(text: string): string | undefined {
  return firstKind([...pasted, ...wrapped, ...outsideKeys], text);
}

function firstKind(kinds: typeof pasted, text: string): string | undefined {
  return kinds.find(([odd]) => odd.test(text))?.[1];
}

/** True for a path that only a shell would understand: taken as it is, it makes a folder of that name. */
export function needsShell(path: string): boolean {
  return /^~|\$(?:\{|\(|[A-Za-z_])|%[A-Za-z_]+%/.test(path);
}
