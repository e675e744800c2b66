import type { Command } from 'commander';
import type { Choose } from './choose.js';
import { duration, jsonOption } from './options.js';

export function addStatus(program: Command, choose: Choose): void {
  program
    .command('status')
    .description('is each collector running, how far is it behind, what is wrong, and what to do')
    .option('--watch [every]', 'again and again until Ctrl-C (default: every 3s)', duration)
    .addOption(jsonOption())
    .action((options) => choose(async (context) => (await import('../verbs/status.js')).status(context, options)));
}
