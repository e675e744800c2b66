import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Environment } from '../../src/environment.js';
import { TrawlError } from '../../src/errors.js';
import { Secret } from '../../src/secret.js';
import { collectorBoundProblems, resolveCollector } from '../../src/settings/collector.js';
import { sinks } from '../../src/sinks/registry.js';
import { resolveSink, sinkBoundProblems } from '../../src/sinks/resolve.js';
import { sources } from '../../src/sources/registry.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'trawl-bounds-'));
  for (const folder of ['allowed', 'beside', 'allowed-not', 'work/.ssh'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['allowed/key', 'beside/key', 'allowed-not/key', 'work/key', 'work/.env', 'work/.ssh/key'])
    writeFileSync(join(root, file), 'stolen');
  symlinkSync(join(root, 'beside'), join(root, 'allowed/folder'));
  symlinkSync(join(root, 'beside/key'), join(root, 'allowed/link'));
  symlinkSync('key', join(root, 'allowed/inner'));
  symlinkSync(join(root, 'allowed'), join(root, 'alias'));
  mkdirSync(join(root, 'allowed/kubernetes.io'));
  writeFileSync(join(root, 'allowed/kubernetes.io/token'), 'stolen');
  execFileSync('mkfifo', [join(root, 'allowed/pipe')]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What the request would carry, or the refusal. */
function sent(read: () => { values: object }): unknown {
  try {
    const secrets = Object.values(read().values).filter((value) => value instanceof Secret);
    return secrets.map((secret) => secret.reveal()).join();
  } catch (error) {
    expect(error).toBeInstanceOf(TrawlError);
    expect((error as TrawlError).code).toBe('SETTINGS_INVALID');
    return (error as TrawlError).message;
  }
}

const asaRows = { source: 'asa', asaTeam: 't', asaKeyId: 'i' };
function fromAsa(rows: Record<string, string>, env: Environment = {}): unknown {
  const table = { acme: { ...asaRows, ...rows } };
  const result = sent(() => resolveCollector('acme', sources, table, env));
  // `trawl env set` tells the same, without reading anything.
  const told = collectorBoundProblems('acme', sources, table, env);
  if (String(result).includes('in the table names')) expect(told).not.toEqual([]);
  else expect(told.filter((problem) => problem.includes('in the table names'))).toEqual([]);
  return result;
}

const atSink = (rows: Record<string, string>, env: Environment = {}) =>
  sent(() => resolveSink('siem', sinks, { 'sink:siem': rows }, env));

describe('a file that a row names', () => {
  const env = () => ({ TRAWL_SECRET_FOLDERS: `/nowhere, ${join(root, 'allowed')}` });

  it.each(['allowed/key', 'allowed/inner', 'alias/key', 'beside/../allowed/key', 'allowed/folder/../key'])(
    'is read if it is in a folder for secrets: %s',
    (path) => {
      expect(fromAsa({ asaKeySecretFile: join(root, path) }, env())).toBe('stolen');
      expect(fromAsa({ asaKeySecretFile: `${root}/${path}` }, env())).toBe('stolen');
    },
  );

  it.each([
    'beside/key',
    'allowed-not/key',
    'allowed/folder/key',
    'allowed/link',
    'allowed/../beside/key',
    'allowed/kubernetes.io/token',
    'gone/key',
    'allowed',
    '',
  ])('is not read from elsewhere, whatever leads there: %s', (path) => {
    const result = fromAsa({ asaKeySecretFile: `${root}/${path}` }, env());
    expect(result).toMatch(/outside the folders for secrets.*TRAWL_SECRET_FOLDERS/);
    expect(result).not.toMatch(/stolen|gone|beside/);
  });

  it('is not read if it is a pipe, or a secret of Trawl itself', () => {
    expect(fromAsa({ asaKeySecretFile: join(root, 'allowed/pipe') }, env())).toMatch(/not a file/);
    for (const name of ['TRAWL_STORE_FILE', 'TEMPORAL_TLS_CLIENT_KEY_PATH', 'PGPASSFILE']) {
      const own = { ...env(), [name]: join(root, 'alias/inner') };
      expect(fromAsa({ asaKeySecretFile: join(root, 'allowed/key') }, own)).toMatch(/secret of Trawl itself/);
    }
  });

  it('may by default be beside .env, but not .env or hidden', () => {
    const work = join(root, 'work');
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(work);
    onTestFinished(() => cwd.mockRestore());
    expect(fromAsa({ asaKeySecretFile: 'key' })).toBe('stolen');
    for (const path of ['.env', '.ssh/key', '../beside/key', '/etc/hostname'])
      expect(fromAsa({ asaKeySecretFile: path })).toMatch(/outside the folders for secrets \(\/run\/secrets, /);
    expect(
      fromAsa({ asaKeySecretFile: join(root, 'beside/key') }, { CREDENTIALS_DIRECTORY: join(root, 'beside') }),
    ).toBe('stolen');
    cwd.mockReturnValue('/');
    expect(fromAsa({ asaKeySecretFile: join(work, 'key') })).toMatch(/outside/);
  });

  it('is bound for the private key of a syslog sink as well', () => {
    const rows = { kind: 'syslog', address: 'log.example', certFile: '/c.pem', keyFile: join(root, 'allowed/link') };
    expect(atSink(rows, env())).toMatch(/keyFile in the table names a file outside/);
    expect(atSink({ ...rows, keyFile: join(root, 'allowed/key') }, env())).toBe('');
    const { keyFile, certFile, ...others } = rows;
    expect(atSink(others, { SINK_SIEM_KEY_FILE: keyFile, SINK_SIEM_CERT_FILE: certFile })).toBe('');
  });

  it('is free if the environment names it', () => {
    expect(fromAsa({}, { ASA_KEY_SECRET_FILE: join(root, 'beside/key') })).toBe('stolen');
  });
});

describe('a variable that a row names', () => {
  const env = {
    PGPASSWORD: 'stolen',
    TRAWL_PAYLOAD_KEYS: 'stolen',
    TRAWL_CODEC_TOKEN: 'stolen',
    TRAWL_SECRET_HOSTS: 'stolen.example',
    DESCOPE_MANAGEMENT_KEY: 'stolen',
    SINK_OTHER_TOKEN: 'theirs',
    ASA_KEY_SECRET: 'own',
    TRAWL_SECRET_ACME: 'own',
  };

  it.each(['ASA_KEY_SECRET', 'TRAWL_SECRET_ACME'])('is read: %s', (asaKeySecretEnv) => {
    expect(fromAsa({ asaKeySecretEnv }, env)).toBe('own');
  });

  it.each([
    'PGPASSWORD',
    'TRAWL_PAYLOAD_KEYS',
    'TRAWL_CODEC_TOKEN',
    'TRAWL_SECRET_HOSTS',
    'DESCOPE_MANAGEMENT_KEY',
    'SINK_OTHER_TOKEN',
  ])('is not read: %s', (asaKeySecretEnv) => {
    expect(fromAsa({ asaKeySecretEnv }, env)).toMatch(/variable that rows .* may not name.*begins with TRAWL_SECRET_/);
  });

  it('may be that of another sink of the kind', () => {
    const rows = { kind: 'splunk', url: 'https://stolen.example:8088' };
    expect(atSink({ ...rows, tokenEnv: 'SINK_OTHER_TOKEN' }, env)).toBe('theirs');
    expect(atSink({ ...rows, tokenEnv: 'ASA_KEY_SECRET' }, env)).toMatch(/may not name/);
    expect(atSink({ ...rows, tokenEnv: 'SINK_OTHER_PASSWORD' }, env)).toMatch(/may not name/);
  });
});

describe('a host that a row names', () => {
  const secret = { asaKeySecretEnv: 'TRAWL_SECRET_ACME' };
  const at = (asaBaseUrl: string, more: Environment = {}) =>
    fromAsa({ ...secret, asaBaseUrl }, { TRAWL_SECRET_ACME: 'stolen', ...more });

  it.each(['https://app.scaleft.com/v1', 'https://eu.scaleft.com'])(
    'gets the secret if it is the vendor: %s',
    (url) => {
      expect(at(url)).toBe('stolen');
    },
  );

  it.each([
    'http://app.scaleft.com/v1',
    'https://scaleft.com.evil.example',
    'https://evilscaleft.com',
    'https://scaleft.com',
    'https://evil.example/app.scaleft.com',
    'https://evil.example\\.scaleft.com',
    'http://127.0.0.1:8080/v1',
    'https://api.descope.com',
  ])('gets none otherwise, and the refusal says what to set: %s', (url) => {
    const { protocol, host } = new URL(url);
    expect(at(url)).toMatch(/asaBaseUrl in the table names a host .*TRAWL_SECRET_HOSTS/);
    expect(at(url)).toContain(`add ${protocol === 'http:' ? 'http://' : ''}${host} to`);
  });

  it.each([
    ['https://proxy.example/v1', 'proxy.example', true],
    ['https://proxy.example:8443/v1', 'a.example,PROXY.example', true],
    ['https://proxy.example:8443/v1', 'proxy.example:8443', true],
    ['https://proxy.example/v1', 'proxy.example:443', true],
    ['https://proxy.example:8444/v1', 'proxy.example:8443', false],
    ['http://proxy.example/v1', 'proxy.example', false],
    ['http://proxy.example/v1', 'http://proxy.example', true],
    ['http://proxy.example:81/v1', 'http://proxy.example:80', false],
    ['https://a.b.example/v1', '*.example', true],
    ['https://example/v1', '*.example', false],
    ['https://[0:0::1]:8443/v1', '[::1]', true],
    ['http://127.1:99/v1', 'http://127.0.0.1:99', true],
    ['http://127.0.0.1:98/v1', 'http://127.0.0.1:99', false],
  ])('%s with TRAWL_SECRET_HOSTS=%s: %s', (url, TRAWL_SECRET_HOSTS, isSent) => {
    expect(at(url, { TRAWL_SECRET_HOSTS }) === 'stolen').toBe(isSent);
  });

  it('is free if the environment names it, for the same scheme, host and port', () => {
    const own = { ASA_BASE_URL: 'http://127.0.0.1:99/v1' };
    expect(fromAsa(secret, { TRAWL_SECRET_ACME: 'stolen', ...own })).toBe('stolen');
    expect(at('http://127.0.0.1:99/v1', own)).toBe('stolen');
    expect(at('http://127.0.0.1:98/v1', own)).toMatch(/TRAWL_SECRET_HOSTS/);
  });

  it.each<[string, Record<string, string>, Environment]>([
    ['splunk', { url: 'https://evil.example', tokenEnv: 'TRAWL_SECRET_A' }, { TRAWL_SECRET_A: 'stolen' }],
    ['splunk', { url: 'https://evil.example' }, { SINK_SIEM_TOKEN: 'stolen' }],
    ['elasticsearch', { url: 'https://evil.example' }, { SINK_SIEM_API_KEY: 'stolen' }],
    ['elasticsearch', { url: 'https://evil.example', user: 'u' }, { SINK_SIEM_PASSWORD: 'stolen' }],
    ['webhook', { url: 'https://evil.example?x' }, { SINK_SIEM_AUTHORIZATION: 'Bearer stolen' }],
    [
      's3',
      { bucket: 'audit', endpoint: 'https://evil.example', accessKeyId: 'a' },
      { SINK_SIEM_SECRET_ACCESS_KEY: 'stolen' },
    ],
  ])('gets no secret of a sink: %s', (kind, rows, env) => {
    expect(atSink({ kind, ...rows }, env)).toMatch(/a host that secrets are not sent to \(https:\/\/evil.example\)/);
    expect(sinkBoundProblems('siem', sinks, { 'sink:siem': { kind, ...rows } }, env)).not.toEqual([]);
    expect(atSink({ kind, ...rows }, { ...env, TRAWL_SECRET_HOSTS: 'evil.example' })).toMatch(/(?:^|[ ,])stolen$/);
  });

  describe('of two sinks that the environment sets', () => {
    const hook = {
      SINK_OTHER_URL: 'https://other.example/hook',
      SINK_OTHER_AUTHORIZATION: 'theirs',
      SINK_OTHER_TOKEN: 'theirs',
      SINK_OTHER_API_KEY: 'theirs',
      SINK_OTHER_PASSWORD: 'theirs',
      SINK_OTHER_SECRET_ACCESS_KEY: 'theirs',
      SINK_OTHER_ENDPOINT: 'https://other.example',
      TRAWL_SECRET_A: 'https://other.example/a',
      TRAWL_SECRET_FOLDERS: '/',
    };
    const own = { SINK_SIEM_URL: 'https://siem.example/hook', SINK_SIEM_ENDPOINT: 'https://siem.example' };
    const refused =
      /names a (?:host that secrets are not sent to|secret of another sink).* add (\S+) to TRAWL_SECRET_HOSTS/;

    it.each<[string, Record<string, string>, Environment, string]>([
      ['webhook', { urlEnv: 'SINK_OTHER_URL' }, { SINK_SIEM_AUTHORIZATION: 'own' }, 'other.example'],
      ['webhook', { urlEnv: 'SINK_OTHER_URL' }, { SINK_SIEM_SIGNING_SECRET: 'own-own-own-own-' }, 'other.example'],
      ['webhook', { urlEnv: 'TRAWL_SECRET_A' }, { SINK_SIEM_AUTHORIZATION: 'own' }, 'other.example'],
      ['webhook', { urlFile: 'OTHER_FILE' }, { SINK_SIEM_AUTHORIZATION: 'own' }, 'other.example'],
      ['webhook', { authorizationEnv: 'SINK_OTHER_AUTHORIZATION' }, own, 'siem.example'],
      ['webhook', { authorizationEnv: 'SINK_OTHER_URL' }, own, 'siem.example'],
      ['splunk', { tokenEnv: 'SINK_OTHER_TOKEN' }, own, 'siem.example'],
      ['splunk', { tokenEnv: 'SINK_OTHER_TOKEN', url: 'https://siem.example' }, own, 'siem.example'],
      ['elasticsearch', { apiKeyEnv: 'SINK_OTHER_API_KEY' }, own, 'siem.example'],
      ['elasticsearch', { user: 'u', passwordEnv: 'SINK_OTHER_PASSWORD' }, own, 'siem.example'],
      [
        's3',
        { bucket: 'audit', accessKeyId: 'a', secretAccessKeyEnv: 'SINK_OTHER_SECRET_ACCESS_KEY' },
        own,
        'siem.example',
      ],
    ])('neither gets the secret of the other: %s %o', (kind, rows, env, host) => {
      const file = join(root, 'other-url');
      writeFileSync(file, hook.SINK_OTHER_URL);
      const named = Object.fromEntries(Object.entries(rows).map(([k, v]) => [k, v === 'OTHER_FILE' ? file : v]));
      const all = { ...hook, ...env };
      expect(refused.exec(String(atSink({ kind, ...named }, all)))?.[1]).toBe(host);
      expect(atSink({ kind, ...named }, { ...all, TRAWL_SECRET_HOSTS: host })).toMatch(/own|theirs|other.example/);
    });

    it.each<[string, Record<string, string>]>([
      ['webhook', { url: 'https://other.example/x', authorizationEnv: 'SINK_OTHER_AUTHORIZATION' }],
      ['splunk', { url: 'https://other.example', tokenEnv: 'SINK_OTHER_TOKEN' }],
    ])('the secret goes to its own address, once that host is listed for the table: %s', (kind, rows) => {
      expect(atSink({ kind, ...rows }, { ...hook, TRAWL_SECRET_HOSTS: 'other.example' })).toMatch(/theirs/);
    });
  });

  it('needs no permission where no secret is sent', () => {
    expect(atSink({ kind: 'elasticsearch', url: 'http://search.example:9200' })).toBe('');
  });
});
