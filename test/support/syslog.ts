import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Certificates } from './certificates.js';
import { until } from './collection.js';
import { attempted, fromDebian, testCache } from './debian.js';
import { freePort } from './ports.js';

export const noReceiver = 'it could not be fetched from Debian';

/** A real receiver of syslog over TLS, which writes what it gets to files. */
export interface SyslogReceiver {
  port: number;
  /** The authority of its certificate. */
  caFile: string;
  /** The messages as received, byte by byte. */
  messages(): Buffer[];
  /** `seq` of each message in whose JSON its own parser finds one. */
  parsed(): string[];
}

interface Program {
  name: string;
  packages: string[];
  version: string[];
  /** Options and configuration; `folder` is the program's own, with its certificate. */
  options(file: string, folder: string, root: string): string[];
  configuration(port: number, file: (name: string) => string): string;
}

const machine = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** As its manual says, with its own rules for control characters. */
const rsyslog: Program = {
  name: 'rsyslogd',
  packages: ['rsyslog', 'rsyslog-gnutls', 'libestr0', 'libfastjson4'],
  version: ['-v'],
  options: (file, _, root) => ['-n', '-iNONE', '-f', file, '-M', join(root, 'usr', 'lib', machine, 'rsyslog')],
  configuration: (port, file) => `
global(maxMessageSize="256k" workDirectory="${file('.')}" defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${file('ca.pem')}" defaultNetstreamDriverCertFile="${file('server.pem')}"
  defaultNetstreamDriverKeyFile="${file('server.key')}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
module(load="mmjsonparse")
input(type="imtcp" port="${port}" address="127.0.0.1")
template(name="message" type="string" string="%msg%\\n")
template(name="parsed" type="string" string="%parsesuccess% %$!seq%\\n")
action(type="omfile" file="${file('messages')}" template="message")
action(type="mmjsonparse" cookie="")
action(type="omfile" file="${file('parsed')}" template="parsed")
`,
};

const syslogNg: Program = {
  name: 'syslog-ng',
  packages: [
    'syslog-ng-core',
    'libivykis0',
    'libnet1',
    'libwrap0',
    'libpcre3',
    'libjson-c5',
    'libglib2.0-0',
    'libcap2',
  ],
  version: ['--version'],
  options: (file, folder, root) => [
    ...['-F', '--no-caps', '-f', file, '-R', join(folder, 'persist'), '-c', join(folder, 'control')],
    ...['-p', join(folder, 'pid'), `--module-path=${modulesOf(join(root, 'usr', 'lib', 'syslog-ng'))}`],
  ],
  configuration: (port, file) => `@version: 3.35
options { log-msg-size(262144); };
source s { syslog(transport("tls") ip("127.0.0.1") port(${port}) tls(key-file("${file('server.key')}")
  cert-file("${file('server.pem')}") peer-verify(optional-untrusted))); };
parser j { json-parser(prefix(".j.")); };
destination m { file("${file('messages')}" template("$MSG\\n")); };
destination p { file("${file('parsed')}" template("OK \${.j.seq}\\n")); };
log { source(s); destination(m); log { parser(j); destination(p); }; };
`,
};

function modulesOf(folder: string): string {
  const version = existsSync(folder) && readdirSync(folder).find((name) => /^\d/.test(name));
  return join(folder, version || '.');
}

export const startRsyslog = (): Promise<SyslogReceiver | undefined> => started(rsyslog);
export const startSyslogNg = (): Promise<SyslogReceiver | undefined> => started(syslogNg);

/** Runs until the test ends; undefined if the program is not to be had. */
async function started(program: Program): Promise<SyslogReceiver | undefined> {
  const found = programOf(program);
  if (!found) return undefined;
  const certificates = new Certificates();
  certificates.authority('ca');
  certificates.certificate('server', '127.0.0.1');
  const file = (name: string) => certificates.file(name);
  const port = await freePort(28_514 + Math.floor(Math.random() * 2_000));
  writeFileSync(file('conf'), program.configuration(port, file));
  const options = program.options(file('conf'), certificates.folder, found.root);
  const child = spawn(found.command, options, { env: found.env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  });
  await until(`${program.name} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${program.name} has ended: ${said}`);
    return listens(port);
  });
  const lines = (name: string): Buffer[] => {
    if (!existsSync(file(name))) return [];
    return readFileSync(file(name), 'latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => Buffer.from(line, 'latin1'));
  };
  const parsed = () => lines('parsed').flatMap((line) => /^OK (\d+)$/.exec(line.toString())?.[1] ?? []);
  return { port, caFile: file('ca.pem'), messages: () => lines('messages'), parsed };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

/** Unpacked in the cache. One that is installed may lack a module, or be confined to the paths of its service. */
function programOf({ name, packages, version }: Program) {
  const root = join(testCache, name);
  const command = join(root, 'usr', 'sbin', name);
  if (!existsSync(command) && !fromDebian(name, packages)) return undefined;
  const libraries = [join('usr', 'lib', machine), join('lib', machine), join('usr', 'lib', 'syslog-ng')];
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.map((part) => join(root, part)).join(':') };
  return attempted(command, version, undefined, env) ? { command, env, root } : undefined;
}
