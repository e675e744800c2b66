import { z } from 'zod';

/** What a person can ask of a collector while it is collected, by the names of the signals and of the workflow types. */
export const commandKinds = ['resetCheckpoint', 'clearEvents'] as const;
export type CommandKind = (typeof commandKinds)[number];

/** The input of `clearEvents`, where it has any. */
export const clearOptions = z.strictObject({
  /** Also events that a sink lacks. */
  force: z.boolean().default(false),
});

export interface ReadCommand {
  kind: CommandKind;
  force: boolean;
  /** False where the signal came with an input that is not the command's; the command then goes without. */
  understood: boolean;
}

/** The command that a signal asks for; undefined where its name is of no command. */
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
 * @param nth counts the commands of a run in the order of their signals, from 1 on
 */
export function commandKey(workflowId: string, runId: string, nth: number): string {
  return `${workflowId}/${runId}/${nth}`;
}
