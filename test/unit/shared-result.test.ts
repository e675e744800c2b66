import { expect, it } from 'vitest';
import { sharedResult } from '../../src/shared-result.js';

it('calls share a result until it is too old, and a failure only while it happens', async () => {
  let nowMs = 0;
  let count = 0;
  let fails = false;
  const result = sharedResult(
    async () => {
      count += 1;
      if (fails) throw new Error(`failure ${count}`);
      return count;
    },
    1_000,
    () => nowMs,
  );
  expect(await Promise.all([result(), result()])).toEqual([1, 1]);
  nowMs = 999;
  expect(await result()).toBe(1);
  nowMs = 1_000;
  expect(await result()).toBe(2);
  fails = true;
  nowMs = 2_000;
  const failing = [result(), result()];
  await expect(failing[0]).rejects.toThrow('failure 3');
  await expect(failing[1]).rejects.toThrow('failure 3');
  fails = false;
  expect(await result()).toBe(4);
});

it('nobody waits for a computation that hangs because others do', async () => {
  let nowMs = 0;
  let count = 0;
  const result = sharedResult(
    () => {
      count += 1;
      return count === 1 ? new Promise<number>(() => undefined) : Promise.resolve(count);
    },
    1_000,
    () => nowMs,
  );
  void result();
  nowMs = 29_999;
  void result();
  expect(count).toBe(1);
  nowMs = 30_000;
  expect(await result()).toBe(2);
});
