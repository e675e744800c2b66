import { type BatchForm, folderNameForms } from '../batch.js';
import { TrawlError } from '../errors.js';
import type { BatchWanted, SeriesKey } from './offload.js';

/** Number of the following events to put into a batch; 0 to wait for more. */
export function countOf(
  following: readonly { bytes: number; collectedAt: string }[],
  { eventsMax, bytesMax, partOnlyBefore }: BatchWanted,
): number {
  let bytes = 0;
  let count = 0;
  for (const event of following) {
    bytes += event.bytes;
    if (count > 0 && bytes > bytesMax) return count;
    count += 1;
  }
  const isPart = count < eventsMax;
  if (isPart && count > 0 && partOnlyBefore !== null && following[0]!.collectedAt >= partOnlyBefore) return 0;
  return count;
}

/**
 * A batch keeps the form that it was fixed with, so that every attempt sends the same. It takes the new form only if
 * its sink has since changed to a kind that writes files, or to one that does not: nothing can be overwritten there.
 */
export function formToSend(fixed: BatchForm, wanted: BatchForm): BatchForm {
  return (fixed.format === '') === (wanted.format === '') ? fixed : wanted;
}

/** Returns whether the form leaves the keys of the folders open. */
export function lacksFolderNames({ format, folderNames }: BatchForm): boolean {
  return format !== '' && folderNames === undefined;
}

/**
 * The form with the keys of the folders: those of earlier batches, so that a sink's files have the same, else those of a
 * new sink.
 * @param before forms of earlier batches of files, the newest first
 */
export function withFolderNames(wanted: BatchForm, before: readonly BatchForm[]): BatchForm {
  const known = before.find(({ folderNames }) => folderNames)?.folderNames;
  return { ...wanted, folderNames: known ?? (before.length > 0 ? 'plain' : folderNameForms[0]) };
}

export function droppedError({ series }: SeriesKey, at: string): TrawlError {
  return new TrawlError('SETTINGS_INVALID', `The repetition ${series} was dropped at ${at}.`, {
    hint: 'Use another name to send these events again.',
  });
}

/**
 * Only a repetition has a time range: events outside of it are passed over, and the cursor of the offloading itself would
 * say that its sink has them.
 * @throws TrawlError INPUT_INVALID
 */
export function requireRepetition({ collector, series, range }: BatchWanted): void {
  if (series !== '' || (range.sinceNs === null && range.untilNs === null)) return;
  throw new TrawlError('INPUT_INVALID', `The offloading of ${collector} cannot be limited to a range of time.`, {
    hint: `Send it as a repetition: trawl offload ${collector} --since TIME --until TIME --name NAME.`,
  });
}

/** @throws TrawlError SETTINGS_INVALID if the ranges differ: the cursor is already past events of the other range */
export function requireSameRange(
  { series, range }: BatchWanted,
  before: { sinceNs: string | null; untilNs: string | null },
): void {
  const textOf = (ns: bigint | null) => (ns === null ? null : String(ns));
  if (textOf(range.sinceNs) === before.sinceNs && textOf(range.untilNs) === before.untilNs) return;
  throw new TrawlError('SETTINGS_INVALID', `The repetition ${series} was started for another time range.`, {
    hint: 'Use another name, or the same times as before.',
  });
}
