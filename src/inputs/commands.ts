import { z } from 'zod';

/** Commands that a collector accepts while it runs, by the names of their signals and workflow types. */
export const commandKinds = ['resetCheckpoint', 'clearEvents'] as const;
export type CommandKind = (typeof commandKinds)[number];

/** The optional input of `clearEvents`. */
export const clearOptions = z.strictObject({
  /** Also clears events that a sink lacks. */
  force: z.boolean().default(false),
});

interface ReadCommand {
  kind: CommandKind;
  force: boolean;
  /** False if the signal had an invalid input, which is then ignored. */
  understood: boolean;
}

/** The command of a signal; undefined if no command has its name. */
export function commandOf(signal: string, options: unknown): ReadCommand | undefined {
  const kind = commandKinds.find((name) => name === signal);
  if (kind === undefined) return undefined;
  if (kind === 'resetCheckpoint' || options === undefined || options === null)
    return { kind, force: false, understood: true };
  const parsed = clearOptions.safeParse(options);
  return { kind, force: parsed.data?.force ?? false, understood: parsed.success };
}

/**
 * The key under which the store carries out a command once.
 * @param nth number of the command within the run, in the order of the signals, from 1.
 */
export function commandKey(workflowId: string, runId: string, nth: number): string {
  return `${workflowId}/${runId}/${nth}`;
}
