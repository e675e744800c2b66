import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface Mount {
  from: string;
  to: string;
  readOnly: boolean;
}

export interface RootOptions {
  /** An empty folder, on which the root is mounted. */
  folder: string;
  user: { name: string; uid: number; home: string };
  hosts: string;
  /** Folders that must exist. */
  folders: readonly string[];
  mounts: readonly Mount[];
  links: Readonly<Record<string, string>>;
  tmpfs: readonly string[];
  readOnly: boolean;
}

const mount = (...args: string[]) => execFileSync('mount', args);

/**
 * Mounts a root: this machine's programs and libraries except those of /usr/local, a small /etc, and what the image and
 * the service have. It ends with the mount namespace.
 */
export function mountRoot({ folder, user, hosts, folders, mounts, links, tmpfs, readOnly }: RootOptions): void {
  const inside = (path: string) => join(folder, path);
  mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', folder);
  for (const path of ['usr/local/bin', 'etc', 'dev/shm', 'proc', 'tmp', 'run/postgresql', 'var', user.home, ...folders])
    mkdirSync(inside(path), { recursive: true });
  for (const name of readdirSync('/usr').filter((each) => each !== 'local'))
    bind(folder, { from: `/usr/${name}`, to: `/usr/${name}`, readOnly: true });
  for (const path of ['/bin', '/sbin', '/lib', '/lib64'].filter((each) => existsSync(each))) {
    if (lstatSync(path).isSymbolicLink()) symlinkSync(`usr${path}`, inside(path));
    else bind(folder, { from: path, to: path, readOnly: true });
  }
  for (const path of ['/etc/ssl', '/etc/alternatives', '/etc/ld.so.cache'].filter((each) => existsSync(each)))
    bind(folder, { from: path, to: path, readOnly: true });
  const { name, uid, home } = user;
  writeFileSync(inside('etc/passwd'), `root:x:0:0::/root:/bin/sh\n${name}:x:${uid}:${uid}::${home}:/bin/sh\n`);
  writeFileSync(inside('etc/group'), `root:x:0:\n${name}:x:${uid}:\n`);
  writeFileSync(inside('etc/hosts'), hosts);
  writeFileSync(inside('etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files\n');
  writeFileSync(inside('etc/resolv.conf'), '');
  for (const name of ['null', 'zero', 'full', 'random', 'urandom'])
    bind(folder, { from: `/dev/${name}`, to: `/dev/${name}`, readOnly: false });
  symlinkSync('/proc/self/fd', inside('dev/fd'));
  symlinkSync('/run', inside('var/run'));
  mount('--rbind', '/proc', inside('proc'));
  for (const each of mounts) bind(folder, each);
  for (const [from, to] of Object.entries(links)) symlinkSync(to, inside(from));
  if (readOnly) mount('-o', 'remount,bind,ro', folder);
  for (const path of ['/dev/shm', ...tmpfs]) mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', inside(path));
}

function bind(folder: string, { from, to, readOnly }: Mount): void {
  const target = join(folder, to);
  if (!existsSync(target)) {
    mkdirSync(statSync(from).isDirectory() ? target : dirname(target), { recursive: true });
    if (!statSync(from).isDirectory()) closeSync(openSync(target, 'w'));
  }
  mount('--bind', ...(readOnly ? ['-o', 'ro'] : []), from, target);
}
