/** One link of a `Link` header. */
export interface Link {
  target: string;
  /** Relation types in lower case. */
  rels: readonly string[];
}

/**
 * Parses one `Link` header with the algorithm of RFC 8288, appendix B.2. It handles commas and semicolons inside a
 * target or a quoted string, white space anywhere, parameters without a value and empty list elements. (The package
 * `http-link-header` 1.1.4 loses the link after white space before a comma, and after a parameter without a value.)
 *
 * @throws SyntaxError if the header is malformed
 */
export function parseLinks(header: string): Link[] {
  const links: Link[] = [];
  const reader = new Reader(header);
  for (;;) {
    while (reader.take(','));
    if (reader.atEnd) return links;
    reader.expect('<');
    const target = reader.until('>');
    links.push({ target: target.trim(), rels: relsOf(reader) });
    if (!reader.atEnd) reader.expect(',');
  }
}

/** Reads the parameters of a link. The first `rel` wins (RFC 8288, section 3.3). */
function relsOf(reader: Reader): string[] {
  let rel: string | undefined;
  while (reader.take(';')) {
    const name = reader.token().toLowerCase();
    const value = reader.take('=') ? reader.value() : '';
    if (name === 'rel') rel ??= value;
  }
  return (rel ?? '').toLowerCase().split(/\s+/).filter(Boolean);
}

const space = /[ \t]/;
const delimiter = /[ \t;,=]/;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpace();
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Consumes the character, and the white space after it, if it comes next. */
  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    this.#skipSpace();
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) throw new SyntaxError(`${character} is missing at ${this.#at}`);
  }

  until(character: string): string {
    const end = this.#text.indexOf(character, this.#at);
    if (end === -1) throw new SyntaxError(`${character} is missing`);
    const text = this.#text.slice(this.#at, end);
    this.#at = end;
    this.take(character);
    return text;
  }

  token(): string {
    const start = this.#at;
    while (!this.atEnd && !delimiter.test(this.#text[this.#at]!)) this.#at += 1;
    const text = this.#text.slice(start, this.#at);
    this.#skipSpace();
    return text;
  }

  value(): string {
    if (this.#text[this.#at] !== '"') return this.#bareValue();
    let text = '';
    for (this.#at += 1; this.#text[this.#at] !== '"'; this.#at += 1) {
      if (this.#text[this.#at] === '\\') this.#at += 1;
      if (this.atEnd) throw new SyntaxError('a quoted string does not end');
      text += this.#text[this.#at];
    }
    this.take('"');
    return text;
  }

  /** An unquoted value may contain `=`. */
  #bareValue(): string {
    const start = this.#at;
    while (!this.atEnd && !/[ \t;,]/.test(this.#text[this.#at]!)) this.#at += 1;
    const text = this.#text.slice(start, this.#at);
    this.#skipSpace();
    return text;
  }

  #skipSpace(): void {
    while (!this.atEnd && space.test(this.#text[this.#at]!)) this.#at += 1;
  }
}
