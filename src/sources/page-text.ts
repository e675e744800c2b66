import { arrayElements, objectMembers, type Slice } from '../json-slices.js';

/**
 * The text of a page's body, and which elements of its list `listMember` hold bytes that are not UTF-8: in the text
 * these stand as U+FFFD. All that structures JSON is ASCII, so the elements stand in the same order in the bytes.
 */
export function decodePage(
  body: Uint8Array,
  listMember: string,
): { text: string; invalid: (index: number) => boolean } {
  const text = strictUtf8(body);
  if (text !== null) return { text, invalid: () => false };
  let elements: Slice[] | undefined;
  const invalid = (index: number) => {
    elements ??= slicesOfList(Buffer.from(body).toString('latin1'), listMember);
    const slice = elements[index];
    return slice !== undefined && strictUtf8(body.subarray(slice.start, slice.end)) === null;
  };
  return { text: new TextDecoder('utf-8').decode(body), invalid };
}

function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function slicesOfList(text: string, listMember: string): Slice[] {
  // A byte order mark may stand before the object.
  return arrayElements(text, objectMembers(text, text.indexOf('{')).get(listMember)!.start);
}
