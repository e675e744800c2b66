/** Parses a text of decimal digits only, from `least` to `most`; undefined for every other text. */
export function wholeNumber(
  text: string | undefined,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}
