import { expect, it, vi } from 'vitest';
import { Commands } from '../../../workflows/commands.js';
import { ProgressReport } from '../../../workflows/progress.js';
import { CancellationScope, deliver, type Execution, inExecution } from '../../simulation/workflow-runtime.js';

vi.mock('@temporalio/workflow', () => import('../../simulation/workflow-runtime.js'));

/** A run that has received signals; its activities are answered by hand. */
function runWith(names: string[]) {
  const asked: { name: string; input: unknown; answer(): void; refuse(): void }[] = [];
  const execution: Execution = {
    info: { workflowId: 'audit-collection-asa', runId: 'run' },
    root: new CancellationScope({ root: true }),
    conditions: new Set(),
    handlers: new Map(),
    otherSignals: undefined,
    unhandled: names.map((name) => ({ name, args: [] })),
    activity: (name, input) => {
      const result = new Promise<void>((resolve, reject) => {
        asked.push({ name, input, answer: resolve, refuse: () => reject(new Error('The store is gone.')) });
      });
      return { result, cancel: () => undefined };
    },
    timer: () => () => undefined,
    child: () => Promise.reject(new Error('Not needed here')),
  };
  const commands = inExecution(execution, () => new Commands('asa', new ProgressReport('asa')));
  inExecution(execution, () => deliver(execution));
  /** Lets the run come to rest, as at the end of each of its tasks. */
  const rest = async () => {
    for (let round = 0; round < 20; round += 1) {
      await Promise.resolve();
      for (const { holds, met } of [...execution.conditions]) if (holds()) met();
    }
  };
  return { asked, commands, rest, in: <T>(body: () => T) => inExecution(execution, body) };
}

it('a signal of an unknown name is a line of the execution log, which the run waits for', async () => {
  const run = runWith(['resetcheckpoint', 'resetCheckpoint']);
  await run.rest();
  expect(run.asked).toMatchObject([
    { name: 'writeExecutionLog', input: { collector: 'asa', ignoredSignal: 'resetcheckpoint' } },
    { name: 'resetCheckpoint', input: { keys: ['audit-collection-asa/run/1'] } },
  ]);
  const ended = vi.fn();
  void run.in(() => run.commands.drained()).then(ended);
  run.asked[1]!.answer();
  await run.rest();
  expect(ended).not.toHaveBeenCalled();
  // A line that cannot be written fails nothing.
  run.asked[0]!.refuse();
  await run.rest();
  expect(ended).toHaveBeenCalled();
  expect(run.commands.pending).toBe(false);
});

it('a flood of such signals leaves ten lines', async () => {
  const run = runWith(Array.from({ length: 1_000 }, (_, nth) => `flood ${nth} ${'x'.repeat(10_000)}`));
  await run.rest();
  expect(run.asked).toHaveLength(10);
  expect(JSON.stringify(run.asked).length).toBeLessThan(20_000);
});
