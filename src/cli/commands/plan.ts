import { type Command, Option } from 'commander';
import { sourceKinds } from '../../sources/kinds.js';
import type { Choose } from './choose.js';
import { jsonOption, positiveNumber } from './options.js';

export function addPlan(program: Command, choose: Choose): void {
  program
    .command('plan')
    .description('calculate what a number of collectors needs: workers, stores, Temporal')
    .option('--collectors <collectors>', 'number of collectors', positiveNumber, 1_000)
    .option('--interval <minutes>', 'minutes between runs', positiveNumber, 5)
    .option('--events-per-day <events>', 'events of each collector', positiveNumber, 20_000)
    .option('--retain-days <days>', 'days that the store keeps an event', positiveNumber, 365)
    .addOption(
      new Option('--source <source>', 'kind of source').choices(sourceKinds.map(({ kind }) => kind)).default('asa'),
    )
    .addOption(jsonOption())
    .action(({ collectors, interval: intervalMinutes, eventsPerDay, retainDays, source, json }) =>
      choose(async () =>
        (await import('../verbs/plan.js')).planVerb(
          { collectors, intervalMinutes, eventsPerDay, retainDays, source },
          { json },
        ),
      ),
    );
}
