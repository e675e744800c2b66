import { Command } from 'commander';
import { packageVersion } from '../../version.js';
import { examplesText } from '../examples.js';
import { tell } from '../output.js';
import type { Choose } from './choose.js';

type Add = (program: Command, choose: Choose) => void;

/** The verbs, in the order of the help. Each is loaded only for a call that needs it. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {
  init: async () => (await import('./init.js')).addInit,
  up: async () => (await import('./up.js')).addUp,
  worker: async () => (await import('./worker.js')).addWorker,
  collect: async () => (await import('./collect.js')).addCollect,
  start: async () => (await import('./start.js')).addStart,
  stop: async () => (await import('./stop.js')).addStop,
  offload: async () => (await import('./offload.js')).addOffload,
  status: async () => (await import('./status.js')).addStatus,
  log: async () => (await import('./log.js')).addLog,
  events: async () => (await import('./events.js')).addEvents,
  query: async () => (await import('./query.js')).addQuery,
  verify: async () => (await import('./verify.js')).addVerify,
  proof: async () => (await import('./proof.js')).addProof,
  check: async () => (await import('./check.js')).addCheck,
  env: async () => (await import('./env.js')).addEnv,
  codec: async () => (await import('./codec.js')).addCodec,
  store: async () => (await import('./store.js')).addStore,
  rejected: async () => (await import('./rejected.js')).addRejected,
  reset: async () => (await import('./reset.js')).addReset,
  clear: async () => (await import('./clear.js')).addClear,
  erase: async () => (await import('./erase.js')).addErase,
  remove: async () => (await import('./remove.js')).addRemove,
  plan: async () => (await import('./plan.js')).addPlan,
  demo: async () => (await import('./demo.js')).addDemo,
  completion: async () => (await import('./completion.js')).addCompletion,
};

const versionFlags = ['-V', '--version'];

function neededFor(word: string | undefined): (() => Promise<Add>)[] {
  if (word !== undefined && versionFlags.includes(word)) return [];
  return word !== undefined && Object.hasOwn(verbs, word) ? [verbs[word]!] : Object.values(verbs);
}

/**
 * The `trawl` command with its verbs, their arguments and options.
 * @param choose receives the verb that a call names.
 * @param word the first word of a call: verbs that it does not concern are left out.
 */
export async function commands(choose: Choose, word?: string): Promise<Command> {
  const adding = await Promise.all(neededFor(word).map((load) => load()));
  const program = new Command('trawl')
    .description('Collects SaaS audit logs completely and durably, on Temporal.')
    .exitOverride()
    .version(`trawl ${packageVersion()} (Node ${process.versions.node})`, versionFlags.join(', '), 'print the version')
    .addHelpText('after', overview)
    // The caller reports errors.
    .configureOutput({ writeErr: (text) => tell(text.trimEnd()), outputError: () => undefined });
  for (const add of adding) add(program, choose);
  for (const command of program.commands) finish(command, command.name());
  return program;
}

function finish(command: Command, name: string): void {
  command.exitOverride().addHelpText('after', examplesText(name));
  for (const below of command.commands) finish(below, `${name} ${below.name()}`);
}

const overview = `
First steps:
  trawl init         set up your own source, or
  trawl up           see it work with a demo team
  trawl status       see whether all is well

Each verb has examples: trawl status --help. Results go to standard output, everything else to standard error.
Exit codes: 0 done, 1 failed, 2 wrong call, 3 (status) a collector needs a person, (verify) the store contradicts its
proof, 4 (verify) nothing does, but not all is shown, 130 interrupted.
`;
