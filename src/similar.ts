/** Longer names are not compared: nobody mistypes them, and it would take time. */
const lengthMax = 60;
/** A word of this length or more may be a part of the name, such as `team` of `asaTeam`. */
const partMin = 4;

/** Follows the name of something unknown: the name that was probably meant, or else all of them. */
export function instead(word: string, names: Iterable<string>): string {
  const all = [...names];
  const similar = similarName(word, all);
  if (similar !== undefined) return ` (did you mean ${similar}?)`;
  return all.length > 0 ? ` (known: ${all.join(', ')})` : '';
}

/**
 * The name that a mistyped word probably stands for; undefined if none is close. Case, hyphens and underscores count for
 * nothing: `ASA_TEAM` is close to `asaTeam`.
 */
export function similarName<Name extends string>(word: string, names: Iterable<Name>): Name | undefined {
  const wanted = plain(word);
  if (wanted === '' || word.length > lengthMax) return undefined;
  let found: Name | undefined;
  let least = Math.min(3, Math.ceil(wanted.length / 3)) + 1;
  let part: Name | undefined;
  for (const name of names) {
    const candidate = plain(name);
    if (wanted.length >= partMin && candidate.includes(wanted)) part = part && part.length <= name.length ? part : name;
    if (Math.abs(candidate.length - wanted.length) >= least) continue;
    const edits = distance(wanted, candidate);
    if (edits < least) [found, least] = [name, edits];
  }
  return found ?? part;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[-_]/g, '');
}

/** Number of characters to insert, delete, replace or exchange with the next one. */
function distance(a: string, b: string): number {
  let last: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (same ? 0 : 1),
        swapped ? last[j - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [last, row] = [row, next];
  }
  return row[b.length]!;
}
