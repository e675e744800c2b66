import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { makeFilesPrivate } from '../private-files.js';
import type { Verb } from './commands/choose.js';
import { commands } from './commands/program.js';
import type { Context } from './context.js';
import { type ErrorReport, errorReport, inWords } from './error-report.js';
import { exit } from './exit.js';
import { printJson, tell } from './output.js';
import { WrongCall } from './wrong-call.js';

/**
 * Exit codes: 0 done, 1 failed, 2 wrong call, 3 a collector needs a person (`status`) or a store contradicts its proof
 * (`verify`), 4 not all is shown (`verify`), 128 + n ended by signal n.
 */
const usageError = 2;

/** Time limit for closing what a verb has opened. A worker takes at most 30 s, the embedded server 15 s. */
const closingMaxMs = 60_000;

/** Runs the `trawl` command and ends the process when the verb has ended, whatever is still open in it. */
export async function runProcess(args: readonly string[]): Promise<never> {
  return exit(await main(args));
}

/** Runs the `trawl` command and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on('error', endWithoutReader);
  if (args[0] === '__complete') {
    const { complete } = await import('./completion/complete.js');
    return complete((word) => commands(() => undefined, word), args.slice(1));
  }
  const json = args.includes('--json');
  let verb: Verb | undefined;
  const program = await commands((chosen) => {
    verb = chosen;
  }, args[0]);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    // Commander has already written the help for a call without a verb.
    if (error.code !== 'commander.help') await tellError(await wrongCall(error, args), json);
    return usageError;
  }
  return verb ? run(verb, json) : usageError;
}

async function run(verb: Verb, json: boolean): Promise<number> {
  let context: Context | undefined;
  try {
    context = new (await import('./context.js')).Context();
    makeFilesPrivate(context.settings.fileMode);
    if (context.settings.demoRuns) tellOf((await import('./demo-beside.js')).besideTheDemo(context.settings));
    return await verb(context);
  } catch (error) {
    await tellError(errorReport(error), json, error);
    return error instanceof WrongCall ? usageError : 1;
  } finally {
    await (context && closed(context));
  }
}

function tellOf(note: string | null): void {
  if (note !== null) tell(note);
}

async function closed(context: Context): Promise<void> {
  const late = sleep(closingMaxMs, 'late', { ref: false });
  const closing = context.close().catch((error: unknown) => tell(`While stopping: ${inWords(errorReport(error))}`));
  if ((await Promise.race([closing, late])) === 'late')
    tell(`While stopping: not everything has closed within ${closingMaxMs / 1000} s. The process ends anyway.`);
}

async function tellError(report: ErrorReport, json: boolean, error?: unknown): Promise<void> {
  if (json) await printJson({ error: report });
  tell(`error: ${inWords(report)}`);
  if (report.code === 'UNEXPECTED' && process.env.TRAWL_LOG_LEVEL === 'debug') tell(String((error as Error)?.stack));
}

/** Converts commander's error to the form of every other error. */
async function wrongCall({ message }: CommanderError, args: readonly string[]): Promise<ErrorReport> {
  const [what = ''] = message.replace(/^error: /, '').split('\n');
  const similar = /\((Did you mean .*)\)/.exec(message)?.[1];
  const { commands: verbs } = await commands(() => undefined, args[0]);
  const verb = verbs.find((command) => command.name() === args[0]);
  return {
    code: 'INPUT_INVALID',
    message: `${what.replace(/\.+$/, '')}.`,
    hint: `${similar ? `${similar} ` : ''}See "trawl${verb ? ` ${verb.name()}` : ''} --help".`,
  };
}

/** A reader that closes early (`trawl events | head`) is not an error; a full disk is. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  tell(
    `error: ${inWords({
      code: 'OUTPUT_FAILED',
      message: `The result cannot be written: ${error.message}.`,
      hint: 'Free some space where standard output goes, or send it elsewhere.',
    })}`,
  );
  process.exit(1);
}
