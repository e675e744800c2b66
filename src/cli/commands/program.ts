import { Command } from 'commander';
import { packageVersion } from '../../version.js';
import { examplesText } from '../examples.js';
import { tell } from '../output.js';
import { addCheck } from './check.js';
import type { Choose } from './choose.js';
import { addClear } from './clear.js';
import { addCodec } from './codec.js';
import { addCollect } from './collect.js';
import { addCompletion } from './completion.js';
import { addDemo } from './demo.js';
import { addEnv } from './env.js';
import { addEvents } from './events.js';
import { addInit } from './init.js';
import { addLog } from './log.js';
import { addOffload } from './offload.js';
import { addRejected } from './rejected.js';
import { addReset } from './reset.js';
import { addStart } from './start.js';
import { addStatus } from './status.js';
import { addStop } from './stop.js';
import { addStore } from './store.js';
import { addUp } from './up.js';
import { addWorker } from './worker.js';

/** The verbs, in the order of the help. */
const verbs: readonly ((program: Command, choose: Choose) => void)[] = [
  addInit,
  addUp,
  addWorker,
  addCollect,
  addStart,
  addStop,
  addOffload,
  addStatus,
  addLog,
  addEvents,
  addCheck,
  addEnv,
  addCodec,
  addStore,
  addRejected,
  addReset,
  addClear,
  addDemo,
  addCompletion,
];

/**
 * The `trawl` command with its verbs, their arguments and options.
 * @param choose receives the verb that a call names.
 */
export function commands(choose: Choose): Command {
  const program = new Command('trawl')
    .description('Collects SaaS audit logs completely and durably, on Temporal.')
    .exitOverride()
    .version(`trawl ${packageVersion()} (Node ${process.versions.node})`, '-V, --version', 'print the version')
    .addHelpText('after', overview)
    // The caller reports errors.
    .configureOutput({ writeErr: (text) => tell(text.trimEnd()), outputError: () => undefined });
  for (const add of verbs) add(program, choose);
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
Exit codes: 0 done, 1 failed, 2 wrong call, 3 (status) a collector needs a person, 130 interrupted.
`;
