import { it } from 'vitest';
import { crashingWorker, startCrashing } from '../support/crashing.js';
import { query } from '../support/store.js';

/** Every gap between two effects of a run. */
const points = [
  'a page was asked for',
  'a page was answered',
  'a page is staged',
  'pages are fetched, none is enriched',
  'a page is enriched, not written',
  'inside the transaction, before the related objects',
  'inside the transaction, before the events',
  'inside the transaction, before the checkpoint',
  'inside the transaction, before the log line',
  'inside the transaction, before the ledger',
  'inside the transaction, before the staged page goes',
  'before the commit',
  'a page is committed, not acknowledged',
  'the last page is committed, not acknowledged',
  'before the line of an idle run is committed',
  'the line of an idle run is committed',
  'before a reset is committed',
  'a reset is committed, not acknowledged',
  'before a clearing is committed',
  'a clearing is committed, not acknowledged',
  'rows of a clearing are removed, not acknowledged',
];

it('the crashing worker knows these points', async ({ expect }) => {
  expect(Object.keys((await import(crashingWorker)).points)).toEqual(points);
});

for (const point of points) {
  it.concurrent(`if the process dies when ${point}, nothing is lost, doubled or done twice`, async ({
    expect,
    onTestFinished,
  }) => {
    const { demo, place, store, client, taskQueue, crashes } = await startCrashing(
      point,
      { events: 750 },
      { onTestFinished },
    );
    const { workflow } = client;
    const run = { taskQueue, args: [{ collector: 'asa' }] as const };
    await workflow.execute('recurringAuditCollection', { ...run, workflowId: `${taskQueue}-1` });
    // One run with nothing new, and then one with both commands.
    await workflow.execute('recurringAuditCollection', { ...run, workflowId: `${taskQueue}-2` });
    const third = await workflow.signalWithStart('recurringAuditCollection', {
      ...run,
      workflowId: `${taskQueue}-3`,
      signal: 'clearEvents',
    });
    await third.signal('resetCheckpoint');
    await third.result();

    expect(crashes()).toEqual({ count: 1, atPoint: true });
    const stored = await store.events({ collector: 'asa', afterSeq: 0 }, 10_000);
    const line = ({ id, timestamp, raw }: { id: string; timestamp: string; raw: string }) =>
      `${id} ${timestamp} ${raw}`;
    expect(stored.map(({ id, timestamp, rawEvent }) => line({ id, timestamp, raw: rawEvent }))).toEqual(
      [...demo.truth()].map(({ id, timestamp, details }) => line({ id, timestamp, raw: details })),
    );
    const log = (await store.executionLog({ collector: 'asa', limit: 1_000 })).reverse();
    const lines = log.map(({ notes, eventsWritten }) => `${notes}: ${eventsWritten}`);
    expect(lines.slice(0, 9)).toEqual([...Array(7).fill('Full page: 100'), 'First part page: 50', 'No new events: 0']);
    const commands = ['Cleared events table: 0', 'Reset checkpoint: 0'];
    expect(lines.filter((text) => commands.includes(text))).toEqual(commands);
    const writtenSince = log.slice(lines.indexOf(commands[0]!)).reduce((sum, line) => sum + line.eventsWritten, 0);
    expect(writtenSince).toBe(750);
    const [ledger] = await query<Record<string, unknown>>(
      place,
      'SELECT count(*) AS pages, sum(new_events) AS events FROM audit_pages',
    );
    const pages = log.filter(({ notes }) => /page$/.test(notes)).length;
    expect({ pages: Number(ledger!.pages), events: Number(ledger!.events) }).toEqual({
      pages,
      events: log.reduce((sum, line) => sum + line.eventsWritten, 0),
    });
  }, 120_000);
}
