import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/secret.js';

describe('a secret', () => {
  const secret = new Secret('hunter2');

  it('is revealed only by its method reveal', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each<[string, () => string]>([
    ['String', () => String(secret)],
    ['a template', () => `${secret}`],
    ['concatenation', () => `a${[secret].join('')}`],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['inspect', () => inspect({ deep: { er: { and: secret } } }, { depth: 9, showHidden: true })],
    ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['an error', () => new Error(`refused ${secret}`).stack!],
    ['its members', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret).map(String)])],
    ['a copy', () => inspect([{ ...secret }, structuredClone(secret)])],
    ['toLocaleString', () => secret.toLocaleString()],
  ])('is masked in %s', (_, print) => {
    expect(print()).not.toContain('hunter2');
  });

  it('shows that something is there', () => {
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(`${secret}`).toBe('[secret]');
  });
});
