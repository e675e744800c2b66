import { describe, expect, it } from 'vitest';
import type { Fault } from '../../demo/faults.js';
import { TestCollection } from '../support/collection.js';
import { DescopeCollection } from '../support/descope.js';
import { SkyflowCollection } from '../support/skyflow.js';

const away: Fault = { kind: 'status', status: 503, times: 2 };
const status = (code: number, times: number): Fault => ({ kind: 'status', status: code, times });

const rewound = expect.stringContaining('Offset no longer known to the source');

/** An offset is thrown away, and a key called revoked, only after three equal answers in a row. */
describe('one answer after two 503s is not believed', () => {
  it.each([
    ['that the offset is not known', status(404, 1)],
    // A refused token is replaced once in each attempt.
    ['that the token is refused', status(401, 2)],
    ['that the key is refused', { ...status(401, 1), target: 'token' } as Fault],
  ])('of ASA: %s', async (_, fault) => {
    const collection = await TestCollection.start({ events: 250 }, { SEARCH_COUNT: '100' });
    if (fault.target !== 'token') await collection.collect();
    collection.demo.addEvents(5);
    for (const one of [{ ...away, ...(fault.target ? { target: fault.target } : {}) }, fault])
      collection.demo.faults.add(one);
    await collection.collect();
    await collection.expectComplete();
    expect(await collection.notes()).not.toContainEqual(rewound);
    expect(collection.demo.faults.list().map(({ happened }) => happened)).toEqual([2, fault.times]);
  });

  it('of Descope: that the key is refused', async () => {
    const collection = await DescopeCollection.start({ events: 100 });
    for (const one of [away, status(401, 1)]) collection.demo.faults.add(one);
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.faults.list().map(({ happened }) => happened)).toEqual([2, 1]);
  });

  it.each([
    ['that the cursor is not known', status(400, 1), 'key'],
    ['that the key is refused', status(401, 1), 'key'],
    ['that the token is refused', status(401, 2), 'credentials'],
  ] as const)('of Skyflow: %s', async (_, fault, by) => {
    const collection = await SkyflowCollection.start({ events: 60, by });
    await collection.collect();
    collection.demo.addLate(5, Date.now());
    for (const one of [away, fault]) collection.demo.faults.add(one);
    await collection.collect();
    await collection.expectComplete();
    expect(await collection.notes()).not.toContainEqual(rewound);
    expect(collection.demo.faults.list().map(({ happened }) => happened)).toEqual([2, fault.times]);
  });
});

describe('three equal answers in a row are believed, whatever came before', () => {
  it('of ASA', async () => {
    const collection = await TestCollection.start({ events: 250 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    collection.demo.addEvents(5);
    // It hits the request without the offset, which is to show that the offset is the reason.
    collection.demo.faults.add({ ...away, times: 1 });
    collection.demo.forgetOffsets();
    await collection.collect();
    await collection.expectComplete();
    expect(await collection.notes()).toContainEqual(rewound);
  });

  it('of Skyflow', async () => {
    const collection = await SkyflowCollection.start({ events: 60 });
    await collection.collect();
    collection.demo.addLate(5, Date.now());
    // Every second request is the one without the cursor. The fourth answer is to the step that rewinds.
    for (const one of [
      { ...away, times: 1 },
      { ...status(400, 4), every: 2 },
    ])
      collection.demo.faults.add(one);
    await collection.collect();
    await collection.expectComplete();
    expect(await collection.notes()).toContainEqual(rewound);
  });
});
