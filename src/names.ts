import { TrawlError } from './errors.js';

/** Names that become parts of paths, object keys, indexes and ids. None contains a slash or begins with a full stop. */
const forms = {
  collector: {
    pattern: /^[a-z0-9][a-z0-9_.-]{0,62}$/,
    expected: 'up to 63 lower-case letters, digits, dots, dashes and underscores',
  },
  sink: { pattern: /^[a-z0-9][a-z0-9-]{0,31}$/, expected: 'up to 32 lower-case letters, digits and dashes' },
  /** Empty for ordinary offloading. */
  series: { pattern: /^[a-z0-9-]{0,40}$/, expected: 'up to 40 lower-case letters, digits and dashes' },
} as const;

export type NameKind = keyof typeof forms;

export function isName(kind: NameKind, text: string): boolean {
  return forms[kind].pattern.test(text);
}

/** Describes the names of this kind, for messages. */
export function expectedName(kind: NameKind): string {
  return forms[kind].expected;
}

declare const checked: unique symbol;

/** A relative path with slashes that cannot leave its root. */
export type ObjectName = string & { readonly [checked]: true };

const segment = /^[A-Za-z0-9_=+-][A-Za-z0-9_=+.-]*$/;

/**
 * Joins the parts of a file's or an object's name.
 * @throws TrawlError INPUT_INVALID if a part could lead out of the root, wherever it comes from.
 */
export function objectName(...parts: readonly string[]): ObjectName {
  const wrong = parts.find((part) => !segment.test(part));
  if (wrong === undefined) return parts.join('/') as ObjectName;
  throw new TrawlError('INPUT_INVALID', `${JSON.stringify(wrong.slice(0, 80))} cannot be part of an object's name.`, {
    hint: 'Names of collectors, sinks and repetitions consist of letters, digits, dots, dashes and underscores.',
  });
}
