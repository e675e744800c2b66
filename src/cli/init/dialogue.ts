import { confirm, isCancel, password, select, text } from '@clack/prompts';
import type { SettingDefinition } from '../../settings/definition.js';
import { problemOf } from '../../settings/values.js';

/** The user has pressed Ctrl-C in the dialogue. */
export class Cancelled extends Error {}

/** The dialogue uses standard error: standard output is for results. */
const output = process.stderr;

export async function askChoice(
  message: string,
  choices: readonly { value: string; label: string }[],
): Promise<string> {
  return answered(await select({ message, options: [...choices], output }));
}

export async function askWhether(message: string): Promise<boolean> {
  return answered(await confirm({ message, initialValue: false, output }));
}

/** @param present the current value. A secret is not shown; if nothing is typed, it is kept. */
export async function askSetting(definition: SettingDefinition, present: string | undefined): Promise<string> {
  const { env, meaning, expected, secret } = definition;
  const validate = (typed: string | undefined) => {
    const value = typed?.trim() || present;
    return value ? problemOf(definition, env, value) : `${env} is required: ${expected}`;
  };
  const message = `${meaning} (${env})`;
  const typed = secret
    ? await password({ message: present ? `${message}; Enter keeps the current one` : message, validate, output })
    : await text({ message, placeholder: expected, validate, output, ...(present ? { initialValue: present } : {}) });
  return answered(typed)?.trim() || present!;
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new Cancelled();
  return answer as Exclude<T, symbol>;
}
