import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { reasonOf, TrawlError } from '../errors.js';
import { sources } from '../sources/registry.js';
import { collectorNames, type Environment } from './collector.js';

/** The settings of a process, as against those of a collector. */
export interface ProcessSettings {
  /** Absolute path of the folder of the embedded server's and the store's files. */
  dataDir: string;
  /** Absolute path of the SQLite file. */
  storePath: string;
  /** The same, but for the demo team: the file that a collector of one's own would be set up in. */
  realStorePath: string;
  /** Environment and .env; variables set to nothing are left out. */
  env: Readonly<Record<string, string>>;
  /** Where a worker serves its health; null where it does not. */
  listen: Listen | null;
  /** Runs that a collector may miss before it is reported. */
  lateAfterRuns: number;
  /** True where nothing is set up yet: then `up` collects from the demo team, in a folder of its own. */
  demo: boolean;
}

export interface Listen {
  host: string;
  port: number;
  /** False where nobody asked for it: then the next free port does as well. */
  asked: boolean;
}

/** What each of them means, for `--help` and docs/settings.md. */
export const processSettingDefinitions = [
  {
    env: 'TRAWL_DATA',
    meaning: "Folder of the embedded server's and the store's files",
    expected: 'a path',
    default: './data',
  },
  {
    env: 'TRAWL_STORE',
    meaning: 'The store of events and checkpoints',
    expected: 'sqlite:PATH',
    default: 'sqlite:$TRAWL_DATA/trawl.db',
  },
  {
    env: 'TRAWL_LOG_LEVEL',
    meaning: 'Least level that is logged (to standard error)',
    expected: 'debug, info, warn or error',
    default: 'info',
  },
  {
    env: 'TRAWL_LISTEN',
    meaning: 'Where a worker serves its health over HTTP',
    expected: 'HOST:PORT, or off',
    default: '127.0.0.1:9464, or the next free port',
  },
  {
    env: 'TRAWL_LATE_AFTER_RUNS',
    meaning: 'Runs that a collector may miss before it is reported as late',
    expected: 'a whole number from 1 to 1000',
    default: '3',
  },
  {
    env: 'TEMPORAL_CLI_PATH',
    meaning: 'The temporal command that the embedded server is run with',
    expected: 'a path',
    default: 'the one on the PATH, else a cached copy',
  },
] as const;

const storeFile = 'trawl.db';
const known = new Set<string>(processSettingDefinitions.map((definition) => definition.env));

/**
 * Reads `.env` of the working directory, under the process's own environment.
 *
 * @throws TrawlError SETTINGS_INVALID, which names every problem.
 */
export function readProcessSettings(cwd: string, processEnv: Environment): ProcessSettings {
  const env = { ...dotEnv(join(cwd, '.env')), ...withoutEmpty(processEnv) };
  const problems: string[] = [];
  for (const name of Object.keys(env)) {
    if (name.startsWith('TRAWL_') && !known.has(name))
      problems.push(`${name} is no setting (known: ${[...known].join(', ')})`);
  }
  const level = env.TRAWL_LOG_LEVEL;
  if (level !== undefined && !['debug', 'info', 'warn', 'error'].includes(level)) {
    problems.push('TRAWL_LOG_LEVEL must be debug, info, warn or error');
  }
  const listen = listenOf(env.TRAWL_LISTEN);
  if (listen === undefined) problems.push('TRAWL_LISTEN must be HOST:PORT, for example 127.0.0.1:9464, or off');
  const lateAfterRuns = Number(env.TRAWL_LATE_AFTER_RUNS ?? 3);
  if (!Number.isInteger(lateAfterRuns) || lateAfterRuns < 1 || lateAfterRuns > 1000)
    problems.push('TRAWL_LATE_AFTER_RUNS must be a whole number from 1 to 1000');
  const root = resolve(cwd, env.TRAWL_DATA ?? './data');
  const demo = env.TRAWL_STORE === undefined && !hasSourceSettings(env) && !existsSync(join(root, storeFile));
  const dataDir = demo ? join(root, 'demo') : root;
  const store = env.TRAWL_STORE ?? `sqlite:${join(dataDir, storeFile)}`;
  if (!/^sqlite:./.test(store)) {
    problems.push('TRAWL_STORE must be sqlite:PATH, for example sqlite:./data/trawl.db');
  }
  if (problems.length > 0) {
    throw new TrawlError('SETTINGS_INVALID', `${problems.join('; ')}.`, {
      hint: 'Correct them in .env or in the environment.',
    });
  }
  return {
    dataDir,
    storePath: resolve(cwd, store.slice('sqlite:'.length)),
    realStorePath: demo ? join(root, storeFile) : resolve(cwd, store.slice('sqlite:'.length)),
    listen: listen ?? null,
    lateAfterRuns,
    env,
    demo,
  };
}

/** Undefined where it cannot be understood. */
function listenOf(text: string | undefined): Listen | null | undefined {
  if (text === undefined) return { host: '127.0.0.1', port: 9464, asked: false };
  if (text === 'off') return null;
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host !== undefined && Number(port) <= 65_535 ? { host, port: Number(port), asked: true } : undefined;
}

function hasSourceSettings(env: Environment): boolean {
  return collectorNames(sources, {}, env).length > 0;
}

function dotEnv(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new TrawlError('SETTINGS_INVALID', `${path} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Make it readable for this user, or move it away.',
      cause: error,
    });
  }
  return withoutEmpty(parseEnv(text) as Record<string, string>);
}

/** A variable set to nothing counts as not set, as in a .env file with its values left blank. */
function withoutEmpty(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}
