import { mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorReport } from '../../src/cli/error-report.js';
import { temporalCli } from '../../src/temporal/cli-binary.js';
import { lockInstance } from '../../src/temporal/instance.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const caught = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (error) {
    return error;
  }
};

describe('an error of the operating system that nobody expected', () => {
  it.each([
    ['a folder below a file', () => mkdirSync('/dev/null/x', { recursive: true }), 'ENOTDIR'],
    ['a file that is a folder', () => openSync(tmpdir(), 'w'), 'EISDIR'],
    ['a name that is too long', () => writeFileSync(join(tmpdir(), 'x'.repeat(5_000)), ''), 'ENAMETOOLONG'],
    ['a full disk', () => writeFileSync('/dev/full', 'x'), 'ENOSPC'],
  ])('such as %s is not called a bug', (_, body, code) => {
    const report = errorReport(caught(body));
    expect(report).toMatchObject({ code: 'SYSTEM_REFUSED', message: expect.stringContaining(code) });
    expect(report.hint).not.toContain('bug');
  });

  it.each(['EACCES', 'EPERM', 'EROFS', 'EMFILE', 'EIO', 'EDQUOT'])('such as %s is not called a bug', (code) => {
    const error = Object.assign(new Error(`${code}: refused, open '/x'`), { code, errno: -1, syscall: 'open' });
    expect(errorReport(error)).toMatchObject({ code: 'SYSTEM_REFUSED' });
  });

  it.each([
    ['connect', 'EPERM', 'firewall'],
    ['listen', 'EACCES', 'port'],
    ['kill', 'EPERM', 'another user'],
    ['spawn /bin/x', 'EAGAIN', 'ulimit -u'],
  ])('of %s has a hint about that, and not about a folder', (syscall, code, hint) => {
    const report = errorReport(Object.assign(new Error(code), { code, errno: -1, syscall }));
    expect(report.hint).toContain(hint);
    expect(report.hint).not.toContain('TRAWL_DATA');
  });

  it('that only a bug explains still is one', () => {
    expect(errorReport(new TypeError('x is not a function'))).toMatchObject({ code: 'UNEXPECTED' });
    expect(errorReport(Object.assign(new Error('a'), { code: 'EACCES' }))).toMatchObject({ code: 'UNEXPECTED' });
    expect(errorReport(undefined)).toMatchObject({ code: 'UNEXPECTED' });
  });
});

it('a cache that cannot be made is TEMPORAL_CLI_MISSING, with what to set', async () => {
  const env = { PATH: '', XDG_CACHE_HOME: '/dev/null/cache' };
  await expect(temporalCli(env, () => undefined)).rejects.toMatchObject({
    code: 'TEMPORAL_CLI_MISSING',
    message: expect.stringContaining('/dev/null/cache'),
    hint: expect.stringMatching(/TEMPORAL_CLI_PATH.*XDG_CACHE_HOME/),
  });
});

it('a cache is found in the home if XDG_CACHE_HOME is not absolute', async () => {
  const home = folder();
  mkdirSync(join(home, '.cache', 'trawl'), { recursive: true });
  const command = join(home, '.cache', 'trawl', 'temporal-1.5.1');
  writeFileSync(command, '#!/bin/sh\necho temporal version 1.5.1\n', { mode: 0o755 });
  expect(await temporalCli({ PATH: '', HOME: home, XDG_CACHE_HOME: '~/.cache' }, () => undefined)).toBe(command);
});

describe('a data folder', () => {
  it('whose lock cannot be used is not called one that Trawl runs on', () => {
    const data = folder();
    writeFileSync(join(data, 'instance.lock'), 'not a database, but long enough to be read as the header of one');
    expect(caught(() => lockInstance(data, 'up'))).toMatchObject({ code: 'STORE_READ_ONLY' });
  });

  it('that does not take the note on its process is named', () => {
    const data = folder();
    mkdirSync(join(data, 'instance.json'));
    expect(caught(() => lockInstance(data, 'up'))).toMatchObject({
      code: 'STORE_READ_ONLY',
      message: expect.stringContaining(data),
      hint: expect.stringContaining('TRAWL_DATA'),
    });
    expect(readdirSync(data).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});
