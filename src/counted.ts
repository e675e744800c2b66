/** A number with its noun, such as `1 page` or `2,000 pages`. @param plural if it is not the noun with an s */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}
