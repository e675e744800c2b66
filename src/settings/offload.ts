import { z } from 'zod';
import type { Environment } from '../environment.js';
import { TrawlError } from '../errors.js';
import { isName } from '../names.js';
import { defineSettings, type ValuesOf } from './definition.js';
import { wholeNumberSchema } from './kinds.js';
import { isSet } from './texts.js';
import { resolveValues } from './values.js';

function days(env: string, meaning: string) {
  return {
    env,
    meaning,
    expected: 'a whole number of days from 1 to 36500',
    optional: true,
    schema: wholeNumberSchema([1, 36_500]),
  } as const;
}

/** Settings of every collector for offloading and retention, whatever its source. */
export const offloadSettings = defineSettings({
  offload: {
    env: 'OFFLOAD',
    meaning: 'Sinks that the events are offloaded to',
    expected: 'the name of a sink, or several separated by commas',
    optional: true,
    schema: z
      .string()
      .transform((text) => text.split(',').map((name) => name.trim()))
      .refine((names) => names.every((name) => isName('sink', name)) && new Set(names).size === names.length),
  },
  offloadWhen: {
    env: 'OFFLOAD_WHEN',
    meaning: 'When offloading begins: after each run that leaves something to offload, or only by its own schedule',
    expected: 'after-run or own-schedule',
    default: 'after-run',
    schema: z.enum(['after-run', 'own-schedule']),
  },
  retainDays: days('RETAIN_DAYS', 'Days after which an event that every sink has is cleared from the table'),
  logRetainDays: days('LOG_RETAIN_DAYS', 'Days after which a line of the execution log is deleted'),
  relatedRetainDays: days(
    'RELATED_RETAIN_DAYS',
    'Days after which a related object is deleted that no page has contained since',
  ),
});

export type OffloadSettings = ValuesOf<typeof offloadSettings>;

/**
 * Resolves only these settings from a collector's rows and the environment. They are available even if its other
 * settings are invalid. An invalid one counts as not set.
 */
export function offloadSettingsOf(rows: Readonly<Record<string, string>>, env: Environment): Partial<OffloadSettings> {
  return resolveValues({ settings: offloadSettings }, 'offloading', rows, env).values;
}

/**
 * The sinks that must have confirmed an event before it is cleared.
 * @throws TrawlError SETTINGS_INVALID if the setting that names them is invalid: then nothing may be cleared.
 */
export function neededSinks(
  collector: string,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): readonly string[] {
  const { offload: sinks = [] } = offloadSettingsOf(rows, env);
  if (sinks.length === 0 && (isSet(rows.offload) || isSet(env.OFFLOAD))) {
    throw new TrawlError('SETTINGS_INVALID', `The setting offload of ${collector} does not name sinks.`, {
      hint: `Correct it: trawl env set ${collector} offload=SINK`,
    });
  }
  return sinks;
}

/** An event may be cleared only if it is kept elsewhere. */
export function offloadProblems({ retainDays, offload }: Partial<OffloadSettings>): string[] {
  return retainDays !== undefined && offload === undefined
    ? ['retainDays needs a sink in offload: without one, nothing may be cleared']
    : [];
}
