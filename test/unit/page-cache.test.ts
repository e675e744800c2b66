import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CachedPage, PageCache } from '../../activities/page-cache.js';
import { AnswerRoom } from '../../src/answer-room.js';

const page = (weight: number): CachedPage => ({
  bodyBytes: weight,
  weight,
  content: { events: [], rejected: [], relatedObjects: [], lookup: () => undefined, digest: '' },
});

describe('the page cache', () => {
  it('returns what was put, until it is deleted', () => {
    const cache = new PageCache(new AnswerRoom(100));
    const one = page(10);
    cache.put('a', one);
    expect(cache.get('a')).toBe(one);
    expect(cache.get('b')).toBeUndefined();
    cache.delete('a');
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
  });

  it('drops the oldest pages first when it is over its bound', () => {
    const cache = new PageCache(new AnswerRoom(100));
    for (const key of ['a', 'b', 'c']) cache.put(key, page(40));
    expect(['a', 'b', 'c'].map((key) => cache.get(key) !== undefined)).toEqual([false, true, true]);
  });

  it('drops pages that nobody has fetched', () => {
    let now = 0;
    const cache = new PageCache(new AnswerRoom(100), 60, () => now);
    cache.put('a', page(1));
    now = 40;
    cache.put('b', page(1));
    now = 61;
    cache.put('c', page(1));
    expect(['a', 'b', 'c'].map((key) => cache.get(key) !== undefined)).toEqual([false, true, true]);
  });

  it('holds pages up to exactly its bound', () => {
    const cache = new PageCache(new AnswerRoom(100));
    cache.put('a', page(60));
    cache.put('b', page(40));
    expect(cache.get('a')).toBeDefined();
  });

  it('counts a page once if it is put again', () => {
    const cache = new PageCache(new AnswerRoom(100));
    for (let time = 0; time < 10; time += 1) cache.put('a', page(40));
    cache.put('b', page(40));
    expect(cache.get('a')).toBeDefined();
    expect(cache.get('b')).toBeDefined();
  });

  it('refuses a page that is larger than the whole cache, and drops nothing for it', () => {
    const cache = new PageCache(new AnswerRoom(100));
    cache.put('a', page(40));
    cache.put('b', page(101));
    expect(cache.get('a')).toBeDefined();
    expect(cache.get('b')).toBeUndefined();
  });

  it('never returns the former page of a key whose new page is too large', () => {
    const cache = new PageCache(new AnswerRoom(100));
    cache.put('a', page(40));
    cache.put('a', page(101));
    expect(cache.get('a')).toBeUndefined();
  });

  it('holds the newest pages that fit, after any steps', () => {
    const step = fc.tuple(fc.constantFrom('put', 'put', 'delete'), fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(120));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = new PageCache(new AnswerRoom(100));
        let model: { key: string; held: CachedPage }[] = [];
        for (const [kind, key, bytes] of steps) {
          model = model.filter((entry) => entry.key !== key);
          if (kind === 'delete') {
            cache.delete(key);
            continue;
          }
          const held = page(bytes);
          cache.put(key, held);
          if (bytes <= 100) model.push({ key, held });
          while (model.reduce((sum, entry) => sum + entry.held.weight, 0) > 100) model.shift();
          for (const name of ['a', 'b', 'c', 'd']) {
            expect(cache.get(name)).toBe(model.find((entry) => entry.key === name)?.held);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
