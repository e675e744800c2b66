import { expect, it } from 'vitest';
import { called } from './support/called.js';

it.each([
  ['bogus'],
  ['collect'],
  [],
  ['env', 'set', 'asa', 'searchCount'],
  ['demo', 'bogus'],
  ['events', '--format', 'xml'],
  ['events', '--limit', '0'],
  ['events', '--format=json', '--since', 'foo'],
  ['events', '--format=json', '--follow'],
  ['events', '--where', 'usr:ada'],
  ['events', '--where', '"ok"', '--where=http://x'],
  ['events', '--tail', '3', '--oldest'],
  ['events', 'show'],
  ['log', '--limit', 'x'],
  ['log', '--since', '7'],
  ['offload', 'asa', '--since', '7', '--name', 'again'],
  ['offload', 'asa', '--from', '7', '--name', 'again'],
  ['offload', 'asa', '--from', '7d', '--since', '7d', '--name', 'again'],
  ['offload', 'asa', '--since', '7d'],
  ['collect', 'asa', '--all'],
  ['plan', '--interval', '0'],
  ['plan', '--source', 'bogus'],
  ['up', '--port', '65536'],
  ['demo', '--interval=-1'],
])('a wrong call ends with 2, and writes no result: trawl %s %s %s', async (...args) => {
  const { code, stdout, stderr } = await called(...args.filter((arg) => typeof arg === 'string'));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).not.toBe('');
});
