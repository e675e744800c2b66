import type { Command } from 'commander';
import type { Choose } from './choose.js';

export function addWorker(program: Command, choose: Choose): void {
  program
    .command('worker')
    .description('run a worker for the configured Temporal server')
    .action(() => choose(async (context) => (await import('../verbs/worker.js')).worker(context)));
}
