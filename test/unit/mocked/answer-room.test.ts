import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnswerRoom, answerRoom, NoRoom } from '../../../src/answer-room.js';
import { HttpClient } from '../../../src/http/client.js';
import { until } from '../../support/collection.js';
import { receiver } from '../sinks/support.js';

/** Something that holds answers until it is told to end. */
function holder(room: AnswerRoom, bytes: number, signal?: AbortSignal) {
  let end!: () => void;
  const told = new Promise<void>((resolve) => {
    end = resolve;
  });
  let drawn = false;
  const done = room.holding(async () => {
    await room.draw(bytes, signal);
    drawn = true;
    await told;
  });
  done.catch(() => undefined);
  return { done, end, hasDrawn: () => drawn };
}

/** Lets everything go on that waits for nothing else. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the room for answers', () => {
  it('lets holders in while there is room, then one at a time', async () => {
    const room = new AnswerRoom(100);
    const holders = [60, 40, 30, 30, 30].map((bytes) => holder(room, bytes));
    await settle();
    expect(holders.map(({ hasDrawn }) => hasDrawn())).toEqual([true, true, true, false, false]);
    expect(room.free).toBe(-30);
    holders[2]!.end();
    await settle();
    expect(holders.map(({ hasDrawn }) => hasDrawn())).toEqual([true, true, true, true, false]);
    for (const { end } of holders) end();
    await Promise.all(holders.map(({ done }) => done));
    expect(room.free).toBe(100);
  });

  it('is never waited for in vain, and never exceeded by more than one holder', async () => {
    const draws = fc.array(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 5 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(draws, async (holders) => {
        const room = new AnswerRoom(100);
        let lowest = 0;
        const largest = Math.max(0, ...holders.map((bytes) => bytes.reduce((sum, one) => sum + one, 0)));
        await Promise.all(
          holders.map((bytes) =>
            room.holding(async () => {
              for (const one of bytes) {
                await room.draw(one);
                lowest = Math.min(lowest, room.free);
                await settle();
              }
            }),
          ),
        );
        expect(room.free).toBe(100);
        expect(-lowest).toBeLessThanOrEqual(largest);
      }),
      { numRuns: 40 },
    );
  });

  it('is given back when a holder fails, and left by one that is cancelled', async () => {
    const room = new AnswerRoom(100);
    const cancel = new AbortController();
    const [first, beyond] = [holder(room, 100), holder(room, 50)];
    const [cancelled, last] = [holder(room, 50, cancel.signal), holder(room, 50)];
    cancel.abort(new Error('cancelled'));
    await expect(cancelled.done).rejects.toThrow('cancelled');
    beyond.end();
    await settle();
    expect(last.hasDrawn()).toBe(true);
    await expect(room.holding(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    for (const { end } of [first, last]) end();
    await Promise.all([first.done, last.done]);
    expect(room.free).toBe(100);
  });

  it('counts what is part of a holder with it, so that it does not wait for itself', async () => {
    const room = new AnswerRoom(100);
    const other = holder(room, 100);
    await room.holding(async () => {
      await room.draw(80);
      await room.holding(() => room.draw(80));
      expect(room.free).toBe(-160);
    });
    other.end();
    await other.done;
    expect(room.free).toBe(100);
  });

  it('is not waited for by what is read ahead, which passes it on or gives it back', async () => {
    const room = new AnswerRoom(100);
    const [used, unused, late] = [60, 30, 30].map((bytes) => room.ahead(() => room.draw(bytes)));
    await expect(late!.result).rejects.toBeInstanceOf(NoRoom);
    late!.end();
    await room.holding(async () => {
      used!.handOver();
      expect(room.free).toBe(10);
    });
    expect(room.free).toBe(70);
    unused!.end();
    expect(room.free).toBe(100);
  });

  it('is taken from what is only kept', async () => {
    const room = new AnswerRoom(100);
    const kept = [30, 30, 30];
    const keeper = { letGo: () => kept.shift() };
    for (const bytes of [...kept]) expect(room.keep(keeper, bytes)).toBe(true);
    const one = holder(room, 50);
    await settle();
    expect([one.hasDrawn(), kept, room.free]).toEqual([true, [30], 20]);
    one.end();
    await one.done;
    expect(room.keep(keeper, 90)).toBe(true);
    expect(kept).toEqual([]);
  });
});

describe('a large answer', () => {
  it('waits while others hold what the process may hold at once, and is then read', async () => {
    const { url } = await receiver((response) => void response.end('x'.repeat(200_000)));
    const http = new HttpClient({}, {});
    onTestFinished(() => http.close());
    const all = holder(answerRoom, answerRoom.free);
    const beyond = holder(answerRoom, 1);
    await settle();
    const answer = http.request({ method: 'GET', url, headers: {} });
    // A short one, such as a token, does not wait.
    const { body } = await http.request({ method: 'HEAD', url, headers: {} });
    expect(body.byteLength).toBe(0);
    let read = false;
    const told = answer.then(() => {
      read = true;
    });
    await until('the answer waits', () => answerRoom.waiting === 1);
    expect(read).toBe(false);
    beyond.end();
    await told;
    all.end();
    await all.done;
  });
});
