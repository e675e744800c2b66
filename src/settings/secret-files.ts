import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { commaList } from '../comma-list.js';
import type { Environment } from '../environment.js';

/** Where Kubernetes and Docker put secrets that the operator gives to the process. */
const mountedSecrets = '/run/secrets';

/** Kubernetes mounts the pod's own credentials below `mountedSecrets`. They belong to no source or sink. */
const ofTheCluster = `${sep}kubernetes.io${sep}`;

/** A folder that holds files of secrets. */
interface Folder {
  path: string;
  /** True for the folder of `.env`: what is hidden in it, such as `.env` itself or `.ssh`, is not for collectors. */
  exceptHidden: boolean;
}

/** The folders whose files the rows of the table may name. Values of the environment and of `.env` may name any file. */
function secretFolders(env: Environment): Folder[] {
  const named = env.TRAWL_SECRET_FOLDERS;
  if (named) return commaList(named).map((path) => ({ path, exceptHidden: false }));
  const folders = [{ path: mountedSecrets, exceptHidden: false }];
  if (env.CREDENTIALS_DIRECTORY) folders.push({ path: env.CREDENTIALS_DIRECTORY, exceptHidden: false });
  const own = resolve('.');
  if (existsSync(join(own, '.env')) && own !== parse(own).root) folders.push({ path: own, exceptHidden: true });
  return folders;
}

/**
 * The real path of a file that a row of the table names, with symbolic links and `..` resolved, or why it is refused. The
 * refusal does not repeat the path: someone may have put the secret itself there by mistake.
 */
export function secretFile(path: string, from: string, env: Environment): { real: string } | { problem: string } {
  const real = realPath(path);
  const folders = secretFolders(env).map((folder) => ({ ...folder, path: realPath(folder.path) }));
  const isInside = folders.some((folder) => isWithin(real, folder)) && !real.includes(ofTheCluster);
  if (!isInside) {
    const known = folders.map((folder) => folder.path).join(', ');
    return {
      problem: `${from} in the table names a file outside the folders for secrets (${known}): move it there, or list its folder in TRAWL_SECRET_FOLDERS, in the environment or .env of the worker`,
    };
  }
  if (filesOfProcess(env).some(([, own]) => realPath(own) === real)) {
    return { problem: `${from} in the table names a file with a secret of Trawl itself, which is sent to no one` };
  }
  // Reading a pipe would wait for ever.
  if (statSync(real, { throwIfNoEntry: false })?.isFile() === false)
    return { problem: `${from} names something that is not a file` };
  return { real };
}

const ofProcess = /^(?:(?:TRAWL|TEMPORAL)_.*_(?:FILE|PATH)|PGPASSFILE|PGSSLKEY)$/;

/** Variables that name files of the process itself, with secrets in most of them, such as TRAWL_STORE_FILE. */
export function filesOfProcess(env: Environment): [name: string, path: string][] {
  return Object.entries(env).flatMap(([name, path]) => (ofProcess.test(name) && path ? [[name, path]] : []));
}

/** The path without symbolic links. Of a path that does not exist, as much as exists is resolved. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPath(parent), absolute.slice(parent.length));
  }
}

function isWithin(path: string, { path: folder, exceptHidden }: Folder): boolean {
  const start = folder.endsWith(sep) ? folder : `${folder}${sep}`;
  if (!path.startsWith(start)) return false;
  return !exceptHidden || !path.slice(start.length - 1).includes(`${sep}.`);
}
