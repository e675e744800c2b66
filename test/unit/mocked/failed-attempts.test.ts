import { expect, it, vi } from 'vitest';
import { offloadInWords } from '../../../workflows/offload-progress.js';
import { nothingSent, showAttempts } from '../../../workflows/send-batches.js';
import { CancellationScope, deliver, type Execution, inExecution } from '../../simulation/workflow-runtime.js';

vi.mock('@temporalio/workflow', () => import('../../simulation/workflow-runtime.js'));

/** A run that sends to the sink `siem`, and what its details say after these signals. */
function detailsAfter(...told: unknown[]): { words: string; shown: number } {
  const execution = {
    root: undefined as unknown as CancellationScope,
    handlers: new Map(),
    unhandled: told.map((argument) => ({ name: 'attemptFailed', args: [argument] })),
  } as unknown as Execution;
  Object.assign(execution, { root: new CancellationScope({ root: true }) });
  const progress = nothingSent();
  let shown = 0;
  const show = () => {
    shown += 1;
  };
  inExecution(execution, () => {
    showAttempts((sink) => (sink === 'siem' ? progress : undefined), show);
    deliver(execution);
  });
  return { words: offloadInWords({ collector: 'asa', sinks: { siem: progress }, cleared: 0 }), shown };
}

it('an offloading that is stuck says its attempt and the reason', () => {
  const failure = 'It answered 503. Wait.\n\n# Not a line of its own [SINK_UNAVAILABLE]';
  const { words } = detailsAfter({ sink: 'siem', number: 2, failure }, { sink: 'siem', number: 3, failure });
  expect(words).toBe(
    '**asa** to **siem**: sending, 0 events in 0 batches\n\nAttempt 3 failed, and another follows: It answered 503. Wait. # Not a line of its own [SINK_UNAVAILABLE]',
  );
});

it('what nobody of Trawl sends is not shown, and is bounded', () => {
  const failure = 'x'.repeat(100_000);
  for (const argument of [undefined, null, 'x', { sink: 'other', number: 1, failure }, { sink: 'siem', number: 0 }])
    expect(detailsAfter(argument)).toEqual({ words: expect.not.stringContaining('Attempt'), shown: 0 });
  expect(detailsAfter({ sink: 'siem', number: 1, failure }).words.length).toBeLessThan(2_200);
});
