import type { FilesVerdict } from '../../archive/proven-files.js';
import { counted } from '../../counted.js';
import type { Head } from '../../proof/note.js';
import type { Verdict } from '../../stores/verify.js';
import { printable } from '../output.js';
import type { ComparedSource } from './against-source.js';

/** Exit codes. */
export const [proven, contradicted, notAllShown] = [0, 3, 4];

/** A verdict, with that of the files that were given. */
export interface Judged extends Verdict {
  files?: FilesVerdict;
  source?: ComparedSource;
}

/** What remains unshown without a head from elsewhere. */
const noHead =
  'that the whole proof was not made anew: give the key that signs it (--key), or a head that was kept elsewhere (--head)';

export function codeOf({ contradictions, unchecked, known }: Judged): number {
  if (contradictions.length > 0) return contradicted;
  return unchecked.length > 0 || known.length === 0 ? notAllShown : proven;
}

/** Lines for the parts that were not checked, or cannot be shown. */
function notShown({ unchecked, known }: Judged): string[] {
  return known.length > 0 ? unchecked : [...unchecked, noHead];
}

export function verdictJson(verdict: Judged) {
  const {
    head,
    known,
    missing: _missing,
    keys: _keys,
    objects,
    olderObjects: _older,
    files,
    source,
    ...rest
  } = verdict;
  const outcome = { [proven]: 'proven', [contradicted]: 'contradicted', [notAllShown]: 'not all shown' }[
    codeOf(verdict)
  ];
  const told = (one: Head) => ({ origin: one.origin, size: one.size, root: one.root.toString('base64') });
  const found = files && {
    ...{ files: files.files, events: files.events, restored: files.restored, asBytes: files.asBytes },
    ...{ unknown: files.unknown, lacking: files.lacking.map(({ sink, name }) => ({ sink, name })) },
  };
  return {
    ...{ outcome, ...rest, objects: objects.length, head: told(head) },
    known: known.map((one) => ({ ...told(one.head), events: one.events })),
    ...(found ? { files: found } : {}),
    ...(source ? { source } : {}),
  };
}

export function verdictText(verdict: Judged): string {
  const { collector, events, entries, stored, cleared, erased, gone, pages, takenOver, contradictions, known } =
    verdict;
  const { files, source } = verdict;
  const line = (word: string, text: string) => `${word.padEnd(13)} ${printable(text)}\n`;
  const lines = [
    line(collector, `events 1 to ${events}, ${counted(entries, 'entry', 'entries')} of the journal`),
    line('recomputed', `${counted(stored, 'event')} of the store, ${counted(pages, 'page')} of the ledger`),
  ];
  if (cleared > 0) lines.push(line('cleared', `${counted(cleared, 'event')}, as the journal says`));
  if (erased > 0) lines.push(line('erased', `${counted(erased, 'event')}, as the journal says`));
  if (takenOver > 0)
    lines.push(
      line('taken over', `events 1 to ${takenOver} as they stood when the proof began; ${gone} were gone then`),
    );
  if (files) for (const text of filesTexts(files)) lines.push(line('files', text));
  if (source) lines.push(line('source', sourceText(source)));
  for (const { head, events: of } of known)
    lines.push(line('goes on from', `the head of ${head.origin}, size ${head.size}, with events 1 to ${of}`));
  for (const { text } of contradictions) lines.push(line('CONTRADICTED', text));
  if (contradictions.length === 0) for (const text of notShown(verdict)) lines.push(line('not shown', text));
  return `${lines.join('')}${sentences[codeOf(verdict)]!(verdict)}\n`;
}

function sourceText({ same, gone, changed, missing, notDue, pages }: ComparedSource): string {
  const number = (count: number) => count.toLocaleString('en');
  const counts = [
    `${counted(same, 'event is', 'events are')} stored as it still sends them`,
    ...(gone > 0 ? [`${number(gone)} were stored, and are cleared or erased`] : []),
    ...(notDue > 0 ? [`${number(notDue)} came after the newest stored one`] : []),
    ...(changed > 0 ? [`${number(changed)} differ`] : []),
    ...(missing > 0 ? [`${number(missing)} are missing`] : []),
  ];
  return `${counts.join('; ')} (${counted(pages, 'page')} read)`;
}

function filesTexts({ files, events, restored, asBytes }: FilesVerdict): string[] {
  const texts = [
    `${counted(files, 'file is', 'files are')} byte for byte what the sinks have confirmed`,
    `${counted(events, 'event')} of files recomputed, ${restored.toLocaleString('en')} of them no longer in the store`,
  ];
  if (asBytes > 0) texts.push(`${counted(asBytes, 'event')} in another form, compared byte for byte`);
  return texts;
}

const sentences: Readonly<Record<number, (verdict: Judged) => string>> = {
  [proven]: ({ collector, events, known }) => {
    const of = Math.max(...known.map((one) => one.events));
    const newer = of < events ? ` ${counted(events - of, 'newer event')} agree with the proof.` : '';
    return `PROVEN: no event of ${collector} up to ${of} was changed, inserted or removed since the head was made.${newer}`;
  },
  [contradicted]: ({ collector, contradictions, files }) => {
    const what = files ? 'the store or the files' : 'the store';
    const seq = contradictions[0]?.seq ?? null;
    const where = seq === null ? '' : `, first at event ${seq}`;
    return `CONTRADICTED: ${what} of ${collector} ${files ? 'are' : 'is'} not what was collected${where}.`;
  },
  [notAllShown]: ({ collector, events }) =>
    `NOTHING CONTRADICTS the events of ${collector} up to ${events}, but not all is shown.`,
};
