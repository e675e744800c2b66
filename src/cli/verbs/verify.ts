import type { FilesVerdict } from '../../archive/proven-files.js';
import { counted } from '../../counted.js';
import { verifierOf } from '../../proof/note.js';
import { followedKeys } from '../../proof/rotation.js';
import type { Store } from '../../stores/store.js';
import { verifyCollector } from '../../stores/verify.js';
import type { Context } from '../context.js';
import { liveLine } from '../live-line.js';
import { print, printJson } from '../output.js';
import { type GivenHead, headOf, isSignedBy, saveHead, storedHead, unsigned } from '../verify/heads.js';
import { codeOf, contradicted, type Judged, notAllShown, proven, verdictJson, verdictText } from '../verify/text.js';
import { WrongCall } from '../wrong-call.js';

interface VerifyOptions {
  head?: string;
  key?: readonly string[];
  files?: readonly string[];
  againstSource?: boolean;
  event?: number;
  proof?: string;
  saveHead?: string;
  json?: boolean;
}

/**
 * `trawl verify [NAMES]`: recomputes the proof of completeness from the store, and from offloaded files.
 * @returns 0 if it is whole and goes on from the given head, 3 if the store or a file contradicts it, 4 if nothing does but
 *   not all is shown
 */
export async function verify(context: Context, names: readonly string[], options: VerifyOptions): Promise<number> {
  if (names.length !== 1 && (options.head !== undefined || options.saveHead !== undefined))
    throw new WrongCall('A head is one of a single collector.', 'Name the collector: trawl verify NAME --head FILE.');
  if (options.key?.some((vkey) => verifierOf(vkey) === null))
    throw new WrongCall('--key is not the public part of a key.', 'It has the form NAME+ID+KEY.');
  if (
    options.event !== undefined &&
    (names.length !== 1 || options.files !== undefined || options.head !== undefined || options.againstSource)
  )
    throw new WrongCall('An event is one of a single collector.', 'Use trawl verify NAME --event SEQ [--key VKEY].');
  if (options.proof !== undefined && options.event === undefined)
    throw new WrongCall('--proof needs --event.', 'Use trawl verify NAME --event SEQ --proof FILE.');
  const given = options.head === undefined ? [] : [headOf(options.head)];
  const store = await context.existingStore();
  for (const name of names) await context.requireCollector(store, name);
  if (options.event !== undefined) {
    const { verifyOneEvent } = await import('../verify/one-event.js');
    return verifyOneEvent(store, names[0]!, { ...options, event: options.event });
  }
  const verdicts: Judged[] = [];
  for (const name of names.length > 0 ? new Set(names) : await store.collectors()) {
    const verdict = await verified(store, name, given, options.key ?? []);
    if (options.files !== undefined) await addFiles(context, store, verdict, options.files);
    if (options.againstSource) await addSource(context, store, verdict);
    verdicts.push(verdict);
    if (!options.json) await print(verdictText(verdict));
  }
  if (options.json) await printJson(names.length === 1 ? verdictJson(verdicts[0]!) : verdicts.map(verdictJson));
  const codes = verdicts.map(codeOf);
  if (options.saveHead !== undefined && codes[0] !== contradicted) saveHead(options.saveHead, verdicts[0]!.head);
  return [contradicted, notAllShown].find((code) => codes.includes(code)) ?? proven;
}

async function verified(
  store: Store,
  name: string,
  given: readonly GivenHead[],
  keys: readonly string[],
): Promise<Judged> {
  const state = await store.proof.state(name);
  const stored = [state.eventsNote, state.journalNote].flatMap(storedHead);
  const heads = [...given, ...stored];
  const verdict = await showing(() =>
    verifyCollector(store.proof, name, {
      heads: heads.map(({ head }) => head),
      progress: (events, of) => show(`${name}: ${events} of ${counted(of, 'event')} checked`),
    }),
  );
  const followed = followedKeys(keys, verdict.keys, `${state.store}/${name}`);
  for (const head of keys.length > 0 ? heads : [])
    if (!isSignedBy(head, followed))
      verdict.contradictions.unshift({ seq: null, text: `${head.from} is not signed by ${keys.join(' or ')}.` });
  // What nobody has signed, or kept elsewhere, may be as old as the store.
  const trusted = keys.length === 0 ? given : heads;
  verdict.known = verdict.known.filter(({ head }) => trusted.some((one) => one.head === head));
  if (keys.length > 0 && given.length === 0) verdict.unchecked.push(...unsigned(state, stored));
  return verdict;
}

/** Compares offloaded files with the proof, and adds what comes of it to the verdict. */
async function addFiles(context: Context, store: Store, verdict: Judged, places: readonly string[]): Promise<void> {
  const { verifiedFiles } = await import('../verify/given-files.js');
  const progress = (name: string) => show(`${verdict.collector}: ${name}`);
  const files = await showing(() => verifiedFiles(context, store, verdict, { places, progress }));
  verdict.files = files;
  verdict.contradictions.push(...files.contradictions);
  const { events } = await store.proof.state(verdict.collector);
  if (files.newest > events) {
    const text = `The files have event ${files.newest}, the store ends with ${events}: it is older than they are, or was cut.`;
    verdict.contradictions.push({ seq: events + 1, text });
  }
  verdict.contradictions.sort((one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity));
  verdict.unchecked.push(...leftOut(verdict, files));
}

/** Compares what the source still holds with the store, and adds what comes of it to the verdict. */
async function addSource(context: Context, store: Store, verdict: Judged): Promise<void> {
  const { comparedSource } = await import('../verify/against-source.js');
  const { collector, contradictions } = verdict;
  const progress = (events: number) => show(`${collector}: ${counted(events, 'event')} of the source compared`);
  const source = await showing(() => comparedSource(context, store, collector, progress));
  verdict.source = source;
  contradictions.push(...source.examples.map((text) => ({ seq: null, text })));
}

function leftOut({ cleared, olderObjects }: Judged, files: FilesVerdict): string[] {
  const texts: string[] = [];
  const [unknown] = files.unknown;
  const [lacking] = files.lacking;
  const { restored, asBytes, newest, foreign } = files;
  if (restored + asBytes < cleared)
    texts.push(
      `${counted(cleared - restored - asBytes, 'cleared event is', 'cleared events are')} in none of the files`,
    );
  if (lacking)
    texts.push(
      `${counted(files.lacking.length, 'object is', 'objects are')} not among the files: first ${lacking.name} of the sink ${lacking.sink}`,
    );
  if (unknown !== undefined)
    texts.push(
      `${counted(files.unknown.length, 'file is', 'files are')} named by no entry of the journal: first ${unknown}${olderObjects > 0 ? ` (the manifest lists ${counted(olderObjects, 'object')} of an earlier version)` : ''}`,
    );
  if (newest > 0) texts.push(`events of the files up to ${newest} came after what was checked: verify again`);
  if (foreign > 0) texts.push(`${counted(foreign, 'event is', 'events are')} of other collectors`);
  return texts;
}

function show(text: string): void {
  if (process.stderr.isTTY) liveLine.show(text);
}

async function showing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    show('');
  }
}
