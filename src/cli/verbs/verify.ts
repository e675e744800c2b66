import { writeFileSync } from 'node:fs';
import { counted } from '../../counted.js';
import { reasonOf } from '../../errors.js';
import { type Head, headText, openedNote, parsedHead, verifierOf } from '../../proof/note.js';
import type { ProofState } from '../../stores/proof-reader.js';
import type { Store } from '../../stores/store.js';
import { type Verdict, verifyCollector } from '../../stores/verify.js';
import { textOfFile, whyUnreadable } from '../../text-file.js';
import type { Context } from '../context.js';
import { liveLine } from '../live-line.js';
import { print, printable, printJson } from '../output.js';
import { WrongCall } from '../wrong-call.js';

interface VerifyOptions {
  head?: string;
  key?: string;
  saveHead?: string;
  json?: boolean;
}

/** Exit codes. */
const [proven, contradicted, notAllShown] = [0, 3, 4];

/** What remains unshown without a head from elsewhere. */
const noHead =
  'that the whole proof was not made anew: give the key that signs it (--key), or a head that was kept elsewhere (--head)';

/**
 * `trawl verify [NAMES]`: recomputes the proof of completeness from the store.
 * @returns 0 if it is whole and goes on from the given head, 3 if the store contradicts it, 4 if nothing does but not all
 *   is shown
 */
export async function verify(context: Context, names: readonly string[], options: VerifyOptions): Promise<number> {
  if (names.length !== 1 && (options.head !== undefined || options.saveHead !== undefined))
    throw new WrongCall('A head is one of a single collector.', 'Name the collector: trawl verify NAME --head FILE.');
  if (options.key !== undefined && verifierOf(options.key) === null)
    throw new WrongCall('--key is not the public part of a key.', 'It has the form NAME+ID+KEY.');
  const given = options.head === undefined ? [] : [headOf(options.head, options.key)];
  const store = await context.existingStore();
  for (const name of names) await context.requireCollector(store, name);
  const verdicts: Verdict[] = [];
  for (const name of names.length > 0 ? new Set(names) : await store.collectors()) {
    const verdict = await verified(store, name, given, options.key);
    verdicts.push(verdict);
    if (!options.json) await print(verdictText(verdict));
  }
  if (options.json) await printJson(names.length === 1 ? verdictJson(verdicts[0]!) : verdicts.map(verdictJson));
  const codes = verdicts.map(codeOf);
  if (options.saveHead !== undefined && codes[0] !== contradicted) save(options.saveHead, verdicts[0]!.head);
  return [contradicted, notAllShown].find((code) => codes.includes(code)) ?? proven;
}

/** A head, from where, and whether it is signed by the key that was given; true if none was. */
interface GivenHead {
  head: Head;
  from: string;
  isSigned: boolean;
}

async function verified(
  store: Store,
  name: string,
  given: readonly GivenHead[],
  vkey: string | undefined,
): Promise<Verdict> {
  const state = await store.proof.state(name);
  const stored = [state.eventsNote, state.journalNote].flatMap((note) => storedHead(note, vkey));
  const heads = [...given, ...stored];
  const verdict = await recomputed(store, name, heads);
  for (const { from, isSigned } of heads)
    if (!isSigned) verdict.contradictions.unshift({ seq: null, text: `${from} is not signed by ${vkey}.` });
  // What nobody has signed, or kept elsewhere, may be as old as the store.
  const trusted = vkey === undefined ? given : heads;
  verdict.known = verdict.known.filter(({ head }) => trusted.some((one) => one.head === head));
  if (vkey !== undefined && given.length === 0) verdict.unchecked.push(...unsigned(state, stored));
  return verdict;
}

function storedHead(note: string | null, vkey: string | undefined): GivenHead[] {
  const opened = note === null ? null : openedNote(note, vkey ?? '');
  if (opened === null) return [];
  const { head, isSigned } = opened;
  return [{ head, from: `The head of ${head.origin} in the store`, isSigned: isSigned || vkey === undefined }];
}

function unsigned({ entries }: ProofState, stored: readonly GivenHead[]): string[] {
  const size = Math.max(
    0,
    ...stored.filter(({ head }) => head.origin.endsWith('/journal')).map(({ head }) => head.size),
  );
  return size < entries ? [`entries ${size + 1} to ${entries} of the journal are not signed`] : [];
}

async function recomputed(store: Store, name: string, heads: readonly GivenHead[]): Promise<Verdict> {
  try {
    return await verifyCollector(store.proof, name, {
      heads: heads.map(({ head }) => head),
      progress: (events, of) => {
        if (process.stderr.isTTY) liveLine.show(`${name}: ${events} of ${counted(of, 'event')} checked`);
      },
    });
  } finally {
    if (process.stderr.isTTY) liveLine.show('');
  }
}

function headOf(file: string, vkey: string | undefined): GivenHead {
  let text: string;
  try {
    text = textOfFile(file);
  } catch (error) {
    throw new WrongCall(`The head ${file} cannot be read: ${whyUnreadable(error)}.`, 'Specify another file.', error);
  }
  const note = openedNote(text, vkey ?? '');
  const head = note?.head ?? parsedHead(text);
  if (head) return { head, from: `The head ${file}`, isSigned: vkey === undefined || (note?.isSigned ?? false) };
  throw new WrongCall(
    `${file} is not a head.`,
    'Specify a file that "trawl verify NAME --save-head FILE" has written.',
  );
}

/** Only a new file: an earlier head must not be lost. */
function save(file: string, head: Head): void {
  try {
    writeFileSync(file, headText(head), { flag: 'wx' });
  } catch (error) {
    throw new WrongCall(`${file} cannot be written: ${reasonOf(error)}.`, 'Specify a new file.', error);
  }
}

function codeOf({ contradictions, unchecked, known }: Verdict): number {
  if (contradictions.length > 0) return contradicted;
  return unchecked.length > 0 || known.length === 0 ? notAllShown : proven;
}

/** Lines for the parts that were not checked, or cannot be shown. */
function notShown({ unchecked, known }: Verdict): string[] {
  return known.length > 0 ? unchecked : [...unchecked, noHead];
}

function verdictJson(verdict: Verdict) {
  const { head, known, ...rest } = verdict;
  const outcome = { [proven]: 'proven', [contradicted]: 'contradicted', [notAllShown]: 'not all shown' }[
    codeOf(verdict)
  ];
  const told = (one: Head) => ({ origin: one.origin, size: one.size, root: one.root.toString('base64') });
  return { outcome, ...rest, head: told(head), known: known.map((one) => ({ ...told(one.head), events: one.events })) };
}

function verdictText(verdict: Verdict): string {
  const { collector, events, entries, stored, cleared, gone, pages, takenOver, contradictions, known } = verdict;
  const line = (word: string, text: string) => `${word.padEnd(13)} ${printable(text)}\n`;
  const lines = [
    line(collector, `events 1 to ${events}, ${counted(entries, 'entry', 'entries')} of the journal`),
    line('recomputed', `${counted(stored, 'event')} of the store, ${counted(pages, 'page')} of the ledger`),
  ];
  if (cleared > 0) lines.push(line('cleared', `${counted(cleared, 'event')}, as the journal says`));
  if (takenOver > 0)
    lines.push(
      line('taken over', `events 1 to ${takenOver} as they stood when the proof began; ${gone} were gone then`),
    );
  for (const { head, events: of } of known)
    lines.push(line('goes on from', `the head of ${head.origin}, size ${head.size}, with events 1 to ${of}`));
  for (const { text } of contradictions) lines.push(line('CONTRADICTED', text));
  if (contradictions.length === 0) for (const text of notShown(verdict)) lines.push(line('not shown', text));
  return `${lines.join('')}${sentences[codeOf(verdict)]!(verdict)}\n`;
}

const sentences: Readonly<Record<number, (verdict: Verdict) => string>> = {
  [proven]: ({ collector, events, known }) => {
    const of = Math.max(...known.map((one) => one.events));
    const newer = of < events ? ` ${counted(events - of, 'newer event')} agree with the proof.` : '';
    return `PROVEN: no event of ${collector} up to ${of} was changed, inserted or removed since the head was made.${newer}`;
  },
  [contradicted]: ({ collector, contradictions }) => {
    const seq = contradictions[0]?.seq ?? null;
    const where = seq === null ? '' : `, first at event ${seq}`;
    return `CONTRADICTED: the store of ${collector} is not what was collected${where}.`;
  },
  [notAllShown]: ({ collector, events }) =>
    `NOTHING CONTRADICTS the events of ${collector} up to ${events}, but not all is shown.`,
};
