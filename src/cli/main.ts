import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { reasonOf, sentence, TrawlError } from '../errors.js';
import { Context } from './context.js';
import { eventFormats } from './event-formats.js';
import { printable, printJson, tell } from './output.js';
import { ownVersion } from './own-command.js';
import type { EventsOptions } from './verbs/events.js';
import { WrongCall } from './wrong-call.js';

type Verb = (context: Context) => Promise<number>;

/** Exit codes: 0 done, 1 failed, 2 wrong call, 3 a collector needs a person (`status`), 128 + n ended by signal n. */
const usageError = 2;

/** The `trawl` command. Gives the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  // A reader that has seen enough (`trawl events | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let verb: Verb | undefined;
  const program = commands((chosen) => {
    verb = chosen;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError;
    throw error;
  }
  return verb ? run(verb, args.includes('--json')) : usageError;
}

async function run(verb: Verb, json: boolean): Promise<number> {
  let context: Context | undefined;
  try {
    context = new Context();
    return await verb(context);
  } catch (error) {
    await tellError(error, json);
    return error instanceof WrongCall ? usageError : 1;
  } finally {
    await context?.close().catch((error: unknown) => tell(`While stopping: ${reasonOf(error)}`));
  }
}

async function tellError(error: unknown, json: boolean): Promise<void> {
  const known = error instanceof TrawlError;
  if (json) {
    const problem = known
      ? { code: error.code, message: error.message, hint: error.hint }
      : { code: 'UNEXPECTED', message: reasonOf(error), hint: 'Report this.' };
    await printJson({ error: problem });
  }
  tell(
    known ? `error: ${printable(sentence(error))} [${error.code}]` : `error: unexpected: ${printable(reasonOf(error))}`,
  );
  if (!known && process.env.TRAWL_LOG_LEVEL === 'debug') tell(String((error as Error)?.stack));
}

function commands(choose: (verb: Verb) => void): Command {
  const program = new Command('trawl')
    .description('Collects SaaS audit logs, complete and durably, on Temporal.')
    .version(ownVersion())
    .exitOverride()
    .configureOutput({ writeErr: (text) => tell(text.trimEnd()) })
    .showHelpAfterError('(see "trawl --help")');
  const json = () => new Option('--json', 'write the result as JSON');

  // Each verb's file is loaded when it is called, so that reading events does not load a worker.
  program
    .command('up')
    .description('run everything on this machine: Temporal with its UI, a worker, and the recurring collections')
    .option(
      '--port <port>',
      'port of the Temporal server (default: 7233, or the next free one)',
      wholeNumber(1, 65_535),
    )
    .option('--ui-port <port>', 'port of the Temporal UI (default: 8233, or the next free one)', wholeNumber(1, 65_535))
    .option('--cron <cron>', 'when to collect (default: every 5 minutes; the demo team every minute)')
    .action((options) => choose(async (context) => (await import('./verbs/up.js')).up(context, options)));
  program
    .command('worker')
    .description('run a worker for the configured Temporal server')
    .action(() => choose(async (context) => (await import('./verbs/worker.js')).worker(context)));
  program
    .command('collect <name>')
    .description('collect now, and end when caught up')
    .addOption(json())
    .action((name, options) =>
      choose(async (context) => (await import('./verbs/collect.js')).collect(context, name, options)),
    );
  program
    .command('start [names...]')
    .description('start the recurring collection')
    .option('--all', 'of every collector')
    .option('--cron <cron>', 'when to collect (default: every 5 minutes)')
    .option('--schedule', 'by a Temporal Schedule instead of a workflow on cron')
    .option('--no-schedule', 'by a workflow on cron again')
    .option('--jitter <duration>', 'of a Schedule: begin up to so much later (default: 30s)', duration)
    .option(
      '--catchup-window <duration>',
      'of a Schedule: how late a missed run may be made up for (default: 10m)',
      duration,
    )
    .addOption(json())
    .action((names, options) =>
      choose(async (context) => (await import('./verbs/recurring.js')).start(context, names, options)),
    );
  program
    .command('stop [names...]')
    .description('end the recurring collection')
    .option('--all', 'of every collector')
    .addOption(json())
    .action((names, options) =>
      choose(async (context) => (await import('./verbs/recurring.js')).stop(context, names, options)),
    );
  program
    .command('offload <name>')
    .description('send the events onwards to the sinks now, and end when they have them')
    .option('--sink <sink...>', 'only to these of its sinks')
    .option('--from <time>', 'again, the events from this time on, under names of their own')
    .option('--to <time>', 'again, the events before this time')
    .option('--name <name>', 'the name of the repetition')
    .addOption(json())
    .action((name, options) =>
      choose(async (context) => (await import('./verbs/offload.js')).offload(context, name, options)),
    );
  program
    .command('status')
    .description('where each collector stands')
    .addOption(json())
    .action((options) => choose(async (context) => (await import('./verbs/status.js')).status(context, options)));
  program
    .command('log [name]')
    .description('the execution log')
    .option('--limit <lines>', 'how many of the newest lines', wholeNumber(1, 1_000_000), 50)
    .addOption(json())
    .action((name, options) => choose(async (context) => (await import('./verbs/log.js')).log(context, name, options)));
  program
    .command('events [name]')
    .description('the events, in the order in which they were stored')
    .addOption(new Option('--format <format>', 'how to write them').choices([...eventFormats]).default('text'))
    .option('--since <time>', 'from this time on: RFC 3339, a date, or an age such as 12h')
    .option('--until <time>', 'before this time')
    .option('--type <type>', 'of this type; * stands for any characters')
    .option('--actor <text>', 'with this text in the actor, in any case')
    .option('--text <text>', 'with this text anywhere, in any case')
    .option('--limit <events>', 'at most so many', wholeNumber(1, 1e12))
    .option('--follow', 'go on with new events until Ctrl-C')
    .action((name: string | undefined, options: EventsOptions) =>
      choose(async (context) => (await import('./verbs/events.js')).events(context, name, options)),
    );
  program
    .command('check <name>')
    .description('try settings, credentials, a first page, the sinks and Temporal; nothing is stored')
    .addOption(json())
    .action((name, options) =>
      choose(async (context) => (await import('./verbs/check.js')).check(context, name, options)),
    );
  const env = program.command('env').description('the Environment Variables table: settings of each collector');
  env
    .command('get [name]')
    .description('show them')
    .addOption(json())
    .action((name, options) =>
      choose(async (context) => (await import('./verbs/env.js')).envGet(context, name, options)),
    );
  env
    .command('set <name> <assignments...>')
    .description('set them: trawl env set asa searchCount=500')
    .action((name, assignments) =>
      choose(async (context) => (await import('./verbs/env.js')).envSet(context, name, assignments)),
    );
  env
    .command('unset <name> <keys...>')
    .description('remove them')
    .action((name, keys) => choose(async (context) => (await import('./verbs/env.js')).envUnset(context, name, keys)));
  const codec = program.command('codec').description("encryption of Temporal's payloads");
  codec
    .command('serve')
    .description('show the Temporal UI and the temporal command what is encrypted')
    .option('--host <host>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'its port', wholeNumber(0, 65_535), 8888)
    .option('--origin <url...>', 'origin of the Temporal UI, whose pages may ask')
    .action((options) => choose(async (context) => (await import('./verbs/codec.js')).codecServe(context, options)));
  codec
    .command('key [id]')
    .description('make a key for TRAWL_PAYLOAD_KEYS')
    .action((id = 'k1') => choose(async () => (await import('./verbs/codec.js')).codecKey(id)));
  const store = program.command('store').description('the store itself');
  store
    .command('copy <from> <to>')
    .description('copy a store into an empty one: sqlite:PATH or postgres://…; goes on with a copy that was broken off')
    .option('--force', 'also where collections into it are not stopped')
    .addOption(json())
    .action((from, to, options) =>
      choose(async (context) => (await import('./verbs/store.js')).storeCopy(context, from, to, options)),
    );
  program
    .command('reset <name>')
    .description('reset the checkpoint: the next run reads everything again that the source still holds')
    .action((name) => choose(async (context) => (await import('./verbs/maintenance.js')).reset(context, name)));
  program
    .command('clear <name>')
    .description('empty the events table of a collector')
    .option('--yes', 'do not ask; needed where there is no terminal to ask on')
    .option('--force', 'do not ask, and clear events too that a sink lacks')
    .action((name, options) =>
      choose(async (context) => (await import('./verbs/maintenance.js')).clear(context, name, options)),
    );
  program
    .command('demo [source]')
    .description('run a demo server alone: asa (the default), descope or skyflow')
    .option('--port <port>', 'its port', wholeNumber(0, 65_535), 0)
    .option('--events <events>', 'how many events it begins with', wholeNumber(0, 1e9))
    .option('--interval <ms>', 'a new event each so many milliseconds; 0 for none', wholeNumber(0, 1e9), 4_000)
    .option('--seed <seed>', 'another seed has other events', wholeNumber(0, 2 ** 31), 1)
    .option('--latency <ms>', 'how long each answer takes', wholeNumber(0, 60_000), 0)
    .action((source = 'asa', { port, events, seed, interval, latency }) =>
      choose(async () =>
        (await import('./verbs/demo.js')).demo(source, {
          port,
          // The ASA demo makes its events as they are asked for; the others hold them.
          events: events ?? (source === 'asa' ? 100_000 : 5_000),
          seed,
          arrivalIntervalMs: interval,
          latencyMs: latency,
        }),
      ),
    );
  for (const command of [program, ...program.commands, ...env.commands, ...store.commands, ...codec.commands])
    command.exitOverride();
  return program;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** ms */
function duration(text: string): number {
  const [, amount, unit] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError('Give a duration such as 30s, 10m or 1h.');
  return Number(amount) * unitMs[unit]!;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
