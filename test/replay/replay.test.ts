import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'histories');
const names = existsSync(folder) ? readdirSync(folder).map((file) => file.replace('.json', '')) : [];
const bundled = (name: string) => ({ codePath: join(root, 'dist', name) });
const workflowBundle = bundled('workflow-bundle.js');
const read = (name: string) => readFileSync(join(folder, `${name}.json`), 'utf8');

/** The history, and the workflow id it was recorded under: ids of children are made of it. */
function historyOf(name: string): [history: History, workflowId: string | undefined] {
  const history = JSON.parse(read(name)) as History;
  return [history, history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId];
}

interface History {
  events: {
    workflowExecutionStartedEventAttributes?: { workflowId?: string };
    activityTaskCompletedEventAttributes?: { result?: { payloads: { data?: string }[] } };
  }[];
}

const textOf = (data = '') => Buffer.from(data, 'base64').toString();

describe('recorded histories', () => {
  it('exist for every workflow type and every branch of M10', () => {
    const types = names.map((name) => /"workflowType":\s*\{\s*"name":\s*"(\w+)"/.exec(read(name))?.[1]);
    expect(new Set(types)).toEqual(
      new Set([
        'recurringAuditCollection',
        'auditWalk',
        'resetCheckpoint',
        'clearEvents',
        'setEnvironmentVariables',
        'offloadEvents',
        'offloadToSink',
      ]),
    );
    expect(names.length).toBeGreaterThanOrEqual(18);
  });

  it.each(['workflow-bundle.js', 'workflow-bundle.traced.js'])('replay in %s', async (bundle) => {
    const histories = names.map((name) => {
      const [history, workflowId] = historyOf(name);
      return { name, history, workflowId: workflowId ?? name };
    });
    const failed: string[] = [];
    let replayed = 0;
    // One worker for all of them: a worker for each takes longer than to replay it.
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { workflowBundle: bundled(bundle) },
      histories,
    )) {
      replayed += 1;
      const those = histories.filter((one) => one.workflowId === workflowId).map(({ name }) => name);
      if (error) failed.push(`${those.join(' or ')}: ${error.message}`);
    }
    expect(failed).toEqual([]);
    expect(replayed).toBe(names.length);
  });

  it('an idle run that a newer worker has noted, and an older one has led', async () => {
    const [history, workflowId] = historyOf('m10-no-new-events');
    const fetched = history.events.flatMap(
      ({ activityTaskCompletedEventAttributes: done }) => done?.result?.payloads ?? [],
    );
    const [round, ...others] = fetched.filter(({ data }) => textOf(data).includes('"requests"'));
    expect(others).toEqual([]);
    round!.data = Buffer.from(JSON.stringify({ ...JSON.parse(textOf(round!.data)), noted: true })).toString('base64');
    await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
  });

  it('a doctored history is refused', async () => {
    const doctored = read('m10-full-and-first-part-page').replaceAll('"enrichPages"', '"fetchPages"');
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(doctored))).rejects.toThrow(
      DeterminismViolationError,
    );
  });
});
