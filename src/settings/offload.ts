import { z } from 'zod';
import type { Environment } from '../environment.js';
import { TrawlError } from '../errors.js';
import { isName } from '../names.js';
import type { SettingDefinition, Values } from './definition.js';
import { isSet, resolveValues } from './values.js';

function days(key: string, env: string, meaning: string): SettingDefinition {
  return {
    key,
    env,
    meaning,
    expected: 'a whole number of days from 1 to 36500',
    optional: true,
    schema: z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .refine((count) => count >= 1 && count <= 36_500),
  };
}

/** What every collector is told of its events' way onwards, whatever its source. */
export const offloadSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'offload',
    env: 'OFFLOAD',
    meaning: 'Sinks that its events are offloaded to',
    expected: 'the name of a sink, or several with commas between',
    optional: true,
    schema: z
      .string()
      .transform((text) => text.split(',').map((name) => name.trim()))
      .refine((names) => names.every((name) => isName('sink', name)) && new Set(names).size === names.length)
      .transform((names) => names.join(',')),
  },
  {
    key: 'offloadWhen',
    env: 'OFFLOAD_WHEN',
    meaning: 'Whether each run that leaves something to offload begins it, or only its own schedule does',
    expected: 'after-run or own-schedule',
    default: 'after-run',
    schema: z.enum(['after-run', 'own-schedule']),
  },
  days('retainDays', 'RETAIN_DAYS', 'Days after which an event that every sink has is cleared from the table'),
  days('logRetainDays', 'LOG_RETAIN_DAYS', 'Days after which a line of the execution log is deleted'),
  days(
    'relatedRetainDays',
    'RELATED_RETAIN_DAYS',
    'Days after which a related object that no page has brought is deleted',
  ),
];

export interface OffloadSettings {
  sinks: string[];
  afterRun: boolean;
  retainDays: number | undefined;
  logRetainDays: number | undefined;
  relatedRetainDays: number | undefined;
}

export function offloadSettings(values: Values): OffloadSettings {
  const offload = values.offload as string | undefined;
  return {
    sinks: offload === undefined ? [] : offload.split(','),
    afterRun: values.offloadWhen === 'after-run',
    retainDays: values.retainDays as number | undefined,
    logRetainDays: values.logRetainDays as number | undefined,
    relatedRetainDays: values.relatedRetainDays as number | undefined,
  };
}

/**
 * These settings alone, of a collector's rows and the environment: known also where others of its settings are wrong. A
 * wrong one is as if it were not set.
 */
export function offloadSettingsOf(rows: Readonly<Record<string, string>>, env: Environment): OffloadSettings {
  return offloadSettings(resolveValues({ settings: offloadSettingDefinitions }, 'offloading', rows, env).values);
}

/**
 * The sinks that must have an event before it goes.
 * @throws TrawlError SETTINGS_INVALID where what names them is wrong: it is not known then what may go.
 */
export function neededSinks(collector: string, rows: Readonly<Record<string, string>>, env: Environment): string[] {
  const { sinks } = offloadSettingsOf(rows, env);
  if (sinks.length === 0 && (isSet(rows.offload) || isSet(env.OFFLOAD))) {
    throw new TrawlError('SETTINGS_INVALID', `The setting offload of ${collector} does not name sinks.`, {
      hint: `Correct it: trawl env set ${collector} offload=SINK`,
    });
  }
  return sinks;
}

/** An event may only go when it is somewhere else. */
export function offloadProblems(values: Values): string[] {
  return values.retainDays !== undefined && values.offload === undefined
    ? ['retainDays needs a sink in offload: without one, nothing may be cleared']
    : [];
}
