import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { besideTheDemo } from '../../src/cli/demo-beside.js';
import { readProcessSettings } from '../../src/cli/process-settings.js';
import { TrawlError } from '../../src/errors.js';
import { lockInstance } from '../../src/temporal/instance.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

const dotEnv = (...lines: string[]) => writeFileSync(join(cwd, '.env'), `${lines.join('\n')}\n`);

function refused(env: Record<string, string>): TrawlError {
  try {
    readProcessSettings(cwd, env);
  } catch (error) {
    expect(error).toBeInstanceOf(TrawlError);
    return error as TrawlError;
  }
  throw new Error('it was taken');
}

describe('.env', () => {
  it('is read with comments, quotes and blank values', () => {
    dotEnv(
      '# a comment',
      'ASA_TEAM=faulkner # the team',
      'ASA_KEY_ID="key id"',
      "ASA_KEY_SECRET='a=b#c'",
      'ASA_BASE_URL=',
      '',
      'SEARCH_COUNT = 500',
    );
    expect(readProcessSettings(cwd, {}).env).toEqual({
      ASA_TEAM: 'faulkner',
      ASA_KEY_ID: 'key id',
      ASA_KEY_SECRET: 'a=b#c',
      SEARCH_COUNT: '500',
    });
  });

  it('is read with the line ends of Windows', () => {
    writeFileSync(join(cwd, '.env'), 'ASA_TEAM=faulkner\r\nSEARCH_COUNT=5\r\n');
    expect(readProcessSettings(cwd, {}).env).toEqual({ ASA_TEAM: 'faulkner', SEARCH_COUNT: '5' });
  });

  it('gives way to the environment, unless that is blank', () => {
    dotEnv('ASA_TEAM=from-file', 'SEARCH_COUNT=5');
    expect(readProcessSettings(cwd, { ASA_TEAM: 'from-process', SEARCH_COUNT: '' }).env).toEqual({
      ASA_TEAM: 'from-process',
      SEARCH_COUNT: '5',
    });
  });

  it('may be absent', () => {
    expect(readProcessSettings(cwd, {}).env).toEqual({});
  });

  it('that cannot be read causes an error that names it', () => {
    mkdirSync(join(cwd, '.env'));
    const error = refused({});
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID', retry: false });
    expect(error.message).toContain(join(cwd, '.env'));
  });

  it('does not change the environment of this process', () => {
    dotEnv('TRAWL_UNIT_TEST_ONLY=x');
    expect(() => readProcessSettings(cwd, {})).toThrow();
    expect(process.env.TRAWL_UNIT_TEST_ONLY).toBeUndefined();
  });
});

describe('the demo', () => {
  it('is collected from if nothing is set up, in a folder of its own', () => {
    expect(readProcessSettings(cwd, {})).toMatchObject({
      demo: true,
      dataDir: join(cwd, 'data', 'demo'),
      store: { path: join(cwd, 'data', 'demo', 'trawl.db') },
      realStore: { path: join(cwd, 'data', 'trawl.db') },
    });
  });

  it.each([
    { SEARCH_COUNT: '500' },
    { ASA_BASE_URL: 'https://x.example' },
    { ASA_TEAM: '' },
    { TRAWL_LOG_LEVEL: 'debug' },
    { UNRELATED: 'x' },
  ])('is collected from with %o, which sets up no collector', (env) => {
    expect(readProcessSettings(cwd, env as Record<string, string>).demo).toBe(true);
  });

  it.each([{ ASA_TEAM: 't' }, { ASA_KEY_ID: 'i' }, { ASA_KEY_SECRET: 's' }, { ASA_KEY_SECRET_FILE: '/x' }])(
    'gives way to %o',
    (env) => {
      expect(readProcessSettings(cwd, env as Record<string, string>)).toMatchObject({
        demo: false,
        dataDir: join(cwd, 'data'),
        store: { path: join(cwd, 'data', 'trawl.db') },
        realStore: { path: join(cwd, 'data', 'trawl.db') },
      });
    },
  );

  it('gives way to settings in .env', () => {
    dotEnv('ASA_TEAM=faulkner');
    expect(readProcessSettings(cwd, {}).demo).toBe(false);
  });

  it('gives way to a store that is named', () => {
    expect(readProcessSettings(cwd, { TRAWL_STORE: 'sqlite:./other.db' })).toMatchObject({
      demo: false,
      dataDir: join(cwd, 'data'),
      store: { path: join(cwd, 'other.db') },
    });
  });

  it('gives way to a store that exists', () => {
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, 'data', 'trawl.db'), '');
    expect(readProcessSettings(cwd, {})).toMatchObject({ demo: false, store: { path: join(cwd, 'data', 'trawl.db') } });
  });

  it('gives way to a store that exists only when it no longer runs', () => {
    const lock = lockInstance(join(cwd, 'data', 'demo'), 'up');
    writeFileSync(join(cwd, 'data', 'trawl.db'), '');
    const during = readProcessSettings(cwd, {});
    expect(during).toMatchObject({
      demo: true,
      demoRuns: true,
      store: { path: join(cwd, 'data', 'demo', 'trawl.db') },
    });
    expect(besideTheDemo(during)).toMatch(/about the demo.*Ctrl-C.*trawl\.db/);
    const own = readProcessSettings(cwd, { ASA_TEAM: 't' });
    expect(own).toMatchObject({ demo: false, demoRuns: true });
    expect(besideTheDemo(own)).toMatch(/your own data.*demo still runs/);
    lock.release();
    const after = readProcessSettings(cwd, {});
    expect(after).toMatchObject({ demo: false, demoRuns: false });
    expect(besideTheDemo(after)).toBeNull();
  });

  it("does not give way to the demo's own store", () => {
    mkdirSync(join(cwd, 'data', 'demo'), { recursive: true });
    writeFileSync(join(cwd, 'data', 'demo', 'trawl.db'), '');
    expect(readProcessSettings(cwd, {}).demo).toBe(true);
  });
});

describe('the places', () => {
  it('follow TRAWL_DATA, absolute or from the working directory', () => {
    expect(readProcessSettings(cwd, { TRAWL_DATA: '/var/lib/trawl', ASA_TEAM: 't' })).toMatchObject({
      dataDir: '/var/lib/trawl',
      store: { path: '/var/lib/trawl/trawl.db' },
    });
    expect(readProcessSettings(cwd, { TRAWL_DATA: 'here' }).dataDir).toBe(join(cwd, 'here', 'demo'));
  });

  it('of the store may be anywhere', () => {
    expect(readProcessSettings(cwd, { TRAWL_STORE: 'sqlite:/srv/a b.db' }).store).toMatchObject({
      path: '/srv/a b.db',
    });
  });
});

describe('a PostgreSQL store', () => {
  const url = 'postgres://trawl:s%40cret@db.example:5433/audit?sslmode=verify-full&password=other';

  it('is shown without its password', () => {
    const { store, demo } = readProcessSettings(cwd, { TRAWL_STORE: url, TRAWL_STORE_POOL: '3' });
    expect(demo).toBe(false);
    expect(store).toMatchObject({ kind: 'postgres', name: 'postgres://trawl@db.example:5433/audit', pool: 3 });
    expect(store).toMatchObject({ url: expect.stringContaining('s%40cret@db.example:5433/audit?sslmode=verify-full') });
  });

  it('may be named in a file', () => {
    writeFileSync(join(cwd, 'store'), `${url}\n`);
    expect(readProcessSettings(cwd, { TRAWL_STORE_FILE: 'store' }).store).toMatchObject({ kind: 'postgres', pool: 10 });
  });

  it.each([
    [{ TRAWL_STORE: 'postgres://trawl:s@cret@:x/' }],
    [{ TRAWL_STORE: 'mysql://trawl:s@cret@db/audit' }],
    [{ TRAWL_STORE_FILE: 'absent' }],
    [{ TRAWL_STORE: url, TRAWL_STORE_FILE: 'absent' }],
    [{ TRAWL_STORE: url, TRAWL_STORE_POOL: '0' }],
  ])('is refused where %o is wrong, without its password', (env) => {
    try {
      readProcessSettings(cwd, env as Record<string, string>);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
      expect((error as Error).message).not.toMatch(/cret/);
    }
  });
});

describe('wrong settings of a process', () => {
  it('are named all at once', () => {
    const error = refused({ TRAWL_STOER: 'x', TRAWL_LOG_LEVEL: 'loud', TRAWL_STORE: 'mysql://x' });
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID', retry: false });
    for (const name of ['TRAWL_STOER', 'TRAWL_LOG_LEVEL', 'TRAWL_STORE', 'sqlite:']) {
      expect(error.message).toContain(name);
    }
    expect(error.hint).toContain('.env');
  });

  it.each(['sqlite:', 'sqlite', './trawl.db', 'file:x.db', 'SQLITE:x.db'])('a store %s', (store) => {
    expect(refused({ TRAWL_STORE: store }).message).toContain('TRAWL_STORE must be sqlite:PATH');
  });

  it('that bound the rows of the table are read, and their typing errors are named', () => {
    const good = {
      TRAWL_TEMPORAL_SETTINGS: 'off',
      TRAWL_SECRET_FOLDERS: '/run/secrets, /etc/trawl',
      TRAWL_SECRET_HOSTS: 'siem.example, *.corp.example:8088,http://[::1]:9200',
      TRAWL_SECRET_ACME: 'free',
    };
    expect(readProcessSettings(cwd, good).temporalSettings).toBe('off');
    expect(readProcessSettings(cwd, {}).temporalSettings).toBe('safe');
    for (const wrong of [
      { TRAWL_TEMPORAL_SETTINGS: 'none' },
      { TRAWL_SECRET_FOLDERS: 'secrets' },
      { TRAWL_SECRET_HOSTS: 'https://siem.example' },
      { TRAWL_SECRET_HOSTS: '*' },
      { TRAWL_SECRET_HOSTS: 'siem.example/path' },
      { TRAWL_SECRET_HOST: 'siem.example' },
      { TRAWL_SECRET_FOLDER: '/run/secrets' },
    ])
      expect(refused(wrong as Record<string, string>).message).toContain(Object.keys(wrong)[0]);
  });

  it('do not show what may be a password', () => {
    expect(refused({ TRAWL_STORE: 'mysql://u:hunter2@h/d' }).message).not.toContain('hunter2');
  });

  it.each(['debug', 'info', 'warn', 'error'])('do not include the log level %s', (level) => {
    expect(readProcessSettings(cwd, { TRAWL_LOG_LEVEL: level }).env.TRAWL_LOG_LEVEL).toBe(level);
  });
});

describe('the names that Trawl goes by', () => {
  it('are separated by commas, with or without blanks', () => {
    const names = (text: string) => readProcessSettings(cwd, { TRAWL_HTTP_HOSTS: text }).httpHosts;
    expect(names('trawl, Trawl.audit.svc,trawl_1')).toEqual(['trawl', 'Trawl.audit.svc', 'trawl_1']);
    expect(readProcessSettings(cwd, {}).httpHosts).toEqual([]);
  });

  it.each(['*', '*.example', 'trawl:9464', 'http://trawl', 'trawl/', '.', 'trawl.', '[::1]', 'tr\u00e4wl'])(
    'do not include %o',
    (text) => {
      expect(refused({ TRAWL_HTTP_HOSTS: text }).message).toContain('TRAWL_HTTP_HOSTS must be names of hosts');
    },
  );
});

describe('the variables of a Kubernetes Service', () => {
  it('whose name begins with trawl are not taken for settings', () => {
    const ofServices = {
      TRAWL_PORT: 'tcp://10.96.0.7:9464',
      TRAWL_SERVICE_HOST: '10.96.0.7',
      TRAWL_SERVICE_PORT: '9464',
      TRAWL_SERVICE_PORT_HEALTH_CHECK: '9464',
      TRAWL_PORT_9464_TCP: 'tcp://10.96.0.7:9464',
      TRAWL_PORT_9464_TCP_PROTO: 'tcp',
      TRAWL_PORT_9464_TCP_PORT: '9464',
      TRAWL_PORT_9464_TCP_ADDR: '10.96.0.7',
      TRAWL_WEB_SERVICE_HOST: 'fd00::7',
      TRAWL_WEB_PORT_80_TCP: 'tcp://[fd00::7]:80',
      TRAWL_WEB_PORT_80_TCP_ADDR: 'fd00::7',
      TRAWL_STORE_PORT: 'udp://10.96.0.8:5432',
      TRAWL_STORE_PORT_5432_SCTP_PROTO: 'SCTP',
    };
    expect(readProcessSettings(cwd, ofServices)).toMatchObject({ demo: true, listen: { port: 9464, asked: false } });
  });

  it.each([
    { TRAWL_PORT: '9464' },
    { TRAWL_LISTEN_PORT: '9464' },
    { TRAWL_SERVICE_HOST: 'db.example' },
    { TRAWL_HOST: '10.0.0.1' },
  ])('are not mistaken for %o, a typing error', (env) => {
    expect(refused(env as unknown as Record<string, string>).message).toContain('unknown setting TRAWL_');
  });
});

describe('a path that only a shell would understand', () => {
  it.each([
    ['TRAWL_DATA', '~/trawl'],
    ['TRAWL_DATA', '~'],
    ['TRAWL_DATA', '~ada/trawl'],
    ['TRAWL_DATA', '$\x7bHOME}/trawl'],
    ['TRAWL_DATA', '$HOME/trawl'],
    ['TRAWL_DATA', '$(pwd)/data'],
    ['TRAWL_DATA', '%APPDATA%/trawl'],
    ['TRAWL_STORE', 'sqlite:~/trawl.db'],
    ['TRAWL_STORE', 'sqlite:/srv/$\x7bTEAM}/trawl.db'],
    ['TRAWL_STORE', 'postgres://trawl:$\x7bPASSWORD}@db.example/audit'],
    ['TRAWL_STORE_FILE', '~/store'],
    ['TEMPORAL_CLI_PATH', '~/bin/temporal'],
  ])('%s=%s is refused, from the environment and from .env', (name, value) => {
    const problem = `${name} has ~ or a variable in it, which is not expanded`;
    expect(refused({ [name]: value }).message).toContain(problem);
    dotEnv(`${name}='${value}'`);
    expect(refused({}).message).toContain(problem);
  });

  it('is not mistaken for one that has these characters elsewhere', () => {
    expect(readProcessSettings(cwd, { TRAWL_DATA: '/srv/a~b$/100%' }).dataDir).toContain('/srv/a~b$/100%');
    const password = 'postgres://trawl:pa$word@db.example/audit';
    expect(readProcessSettings(cwd, { TRAWL_STORE: password }).store).toMatchObject({ kind: 'postgres' });
  });
});

describe('a value that was pasted', () => {
  it.each([
    ['TRAWL_DATA', './data\r', 'a carriage return'],
    ['TRAWL_DATA', '"./data"', 'quotation marks around it'],
    ['TRAWL_LOG_LEVEL', 'warn\u200b', 'an invisible character'],
    ['TRAWL_STORE', 'postgres://u:hunter2\u00a0@db/audit', 'a no-break or other special space'],
    ['TRAWL_CODEC_TOKEN', ' hunter2', 'a space at one end'],
    ['TRAWL_PAYLOAD_KEYS', 'k1:hunter2\n', 'a line break'],
    ['TEMPORAL_CLI_PATH', '\u201c/bin/temporal\u201d', 'typographic quotation marks'],
  ])('in %s as %j is refused, without the value', (name, value, kind) => {
    const { message } = refused({ [name]: value });
    expect(message).toContain(`${name} has ${kind}`);
    expect(message).not.toContain('hunter2');
  });

  it('is looked at in the file that holds it, too', () => {
    writeFileSync(join(cwd, 'token'), 'hunter\u200b2\n');
    expect(refused({ TRAWL_CODEC_TOKEN_FILE: 'token' }).message).toContain('TRAWL_CODEC_TOKEN has an invisible');
    writeFileSync(join(cwd, 'token'), Buffer.from('\ufeffhunter2', 'utf16le'));
    expect(readProcessSettings(cwd, { TRAWL_CODEC_TOKEN_FILE: 'token' }).codecToken).toBe('hunter2');
  });
});

describe('a variable that Node.js reads when it starts', () => {
  it.each(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'SSL_CERT_FILE'])('is refused in .env: %s', (name) => {
    dotEnv(`${name}=/etc/ca.pem`);
    expect(refused({}).message).toContain(`${name} has no effect in .env`);
    expect(readProcessSettings(cwd, { [name]: '/etc/ca.pem' }).env[name]).toBe('/etc/ca.pem');
  });
});
