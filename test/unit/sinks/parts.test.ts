import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfirmedPart } from '../../../src/batch.js';
import { Confirmations } from '../../../src/sinks/parts.js';

describe('confirmations of parts', () => {
  it('in any order, report only parts without a gap before them, and each byte and refusal once', async () => {
    const cases = fc
      .array(fc.array(fc.integer(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
      .chain((sizes) => {
        let seq = 0;
        const parts = sizes.map((part) => part.map(() => (seq += 2)));
        return fc.record({ parts: fc.constant(parts), order: fc.shuffledSubarray([...parts.keys()]) });
      });
    await fc.assert(
      fc.asyncProperty(cases, async ({ parts, order }) => {
        const all = parts.flat();
        const reported: ConfirmedPart[] = [];
        const confirmations = new Confirmations(all, async (part) => void reported.push(part));
        const has = new Set<number>();
        for (const at of order) {
          const seqs = parts[at]!;
          const before = reported.length;
          await confirmations.add(seqs, 10, [{ seq: seqs[0]!, id: '', reason: '' }]);
          for (const seq of seqs) has.add(seq);
          const open = all.find((seq) => !has.has(seq));
          const expected = all.filter((seq) => open === undefined || seq < open).at(-1) ?? 0;
          // The parts that end the batch are reported together with it.
          if (reported.length > before) expect(reported.at(-1)!.lastSeq).toBe(expected);
          else expect(open === undefined || (reported.at(-1)?.lastSeq ?? 0) === expected).toBe(true);
        }
        const noted = reported.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(noted).toBe(10 * reported.flatMap(({ refused }) => refused).length);
        expect(noted).toBeLessThanOrEqual(10 * order.length);
      }),
    );
  });
});
