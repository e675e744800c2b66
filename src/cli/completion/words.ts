import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  value: string;
  description: string;
}

/** Names from the store and the settings. */
export interface Names {
  collectors(): Promise<string[]>;
  sinks(): Promise<string[]>;
  /** Types of the newest events. */
  types(): Promise<string[]>;
  /** The assignments that `env set` takes for this name. @param typed those in the line already */
  settings(name: string, typed: readonly string[]): Promise<Candidate[]>;
  /** The settings that the table has for this name. */
  rows(name: string): Promise<string[]>;
}

/**
 * Returns the candidates that complete the last word.
 * @param words the words after the command's own name. The last one is being typed and may be empty.
 */
export async function candidates(program: Command, words: readonly string[], names: Names): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const { command, positional, open } = walk(program, words.slice(0, -1));
  const [, assigned, typed] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (assigned !== undefined) {
    const values = await valuesOf(optionOf(command, assigned), names);
    return matching(
      values.map((value) => plain(`${assigned}=${value}`)),
      `${assigned}=${typed}`,
    );
  }
  if (open?.required) return matching((await valuesOf(open, names)).map(plain), current);
  if (current.startsWith('-')) return matching(optionsOf(command), current);
  const subcommands = positional.length > 0 ? [] : command.createHelp().visibleCommands(command);
  const below = subcommands.map((one) => ({ value: one.name(), description: one.description() }));
  const argument = command.registeredArguments[positional.length] ?? command.registeredArguments.at(-1);
  if (!argument || (positional.length >= command.registeredArguments.length && !argument.variadic))
    return matching(below, current);
  const values = await argumentsOf(command, argument, positional, names);
  return matching([...values, ...below], current);
}

/** Bash splits words at ":" and "=". Joins them again, as the other shells pass them. */
export function rejoined(words: readonly string[]): string[] {
  const whole: string[] = [];
  let joins = false;
  for (const word of words) {
    const isBreak = /^[:=]+$/.test(word);
    if ((joins || isBreak) && whole.length > 0) whole[whole.length - 1] += word;
    else whole.push(word);
    joins = isBreak;
  }
  return whole;
}

/** The part of a candidate that Bash needs: it replaces only the text after the last ":" or "=". */
export function behindBreak(value: string, current: string): string {
  const kept = Math.max(current.lastIndexOf(':'), current.lastIndexOf('=')) + 1;
  return value.slice(kept);
}

interface Position {
  command: Command;
  /** The arguments so far. */
  positional: string[];
  /** The option whose value comes next. */
  open: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Position {
  const position: Position = { command: program, positional: [], open: undefined };
  for (const word of words) {
    if (word.startsWith('-')) {
      const option = word.includes('=') ? undefined : optionOf(position.command, word);
      position.open = option && (option.required || option.optional) ? option : undefined;
    } else if (position.open) {
      if (!position.open.variadic) position.open = undefined;
    } else {
      const below = position.command.commands.find((one) => one.name() === word);
      if (below) Object.assign(position, { command: below, positional: [] });
      else position.positional.push(word);
    }
  }
  return position;
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ short, long }) => flag === short || flag === long);
}

function optionsOf(command: Command): Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
}

async function valuesOf(option: Option | undefined, names: Names): Promise<string[]> {
  if (option?.argChoices) return option.argChoices;
  if (option?.long === '--type') return names.types();
  if (option?.long === '--collector') return names.collectors();
  return option?.long === '--sink' || option?.long === '--archive' ? names.sinks() : [];
}

async function argumentsOf(
  command: Command,
  argument: Argument,
  before: readonly string[],
  names: Names,
): Promise<Candidate[]> {
  if (argument.argChoices) return argument.argChoices.map(plain);
  const [name = '', ...typed] = before;
  if (argument.name() === 'assignments') return unused(await names.settings(name, typed), typed);
  if (argument.name() === 'keys') return unused((await names.rows(name)).map(plain), typed);
  if (!['name', 'names', 'name-or-id'].includes(argument.name())) return [];
  const collectors = await names.collectors();
  // The table contains the sinks too.
  const owners =
    command.parent?.name() === 'env'
      ? [...collectors, ...(await names.sinks()).map((sink) => `sink:${sink}`)]
      : collectors;
  return unused(owners.map(plain), before);
}

/** Without those that the line has already. */
function unused(all: readonly Candidate[], typed: readonly string[]): Candidate[] {
  const keyOf = (word: string) => word.split('=')[0];
  const keys = new Set(typed.map(keyOf));
  return all.filter(({ value }) => !keys.has(keyOf(value)));
}

function plain(value: string): Candidate {
  return { value, description: '' };
}

function matching(all: readonly Candidate[], typed: string): Candidate[] {
  return all.filter(({ value }) => value.startsWith(typed));
}
