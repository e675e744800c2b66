/** An empty text counts as not set. */
export function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/** A text for a message: on one line, and not long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
