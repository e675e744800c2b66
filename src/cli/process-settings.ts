import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { commaList } from '../comma-list.js';
import type { Environment } from '../environment.js';
import { TrawlError } from '../errors.js';
import { type FileMode, fileModes } from '../private-files.js';
import { dotEnvValues } from '../settings/dot-env.js';
import { collectorNames } from '../settings/names.js';
import { needsShell, oddCharacter } from '../settings/odd-characters.js';
import { secretHosts, secretHostsForm } from '../settings/secret-hosts.js';
import { isSecretForTables } from '../settings/secret-variables.js';
import { isServiceLink } from '../settings/service-links.js';
import { type TemporalSettings, temporalSettings } from '../settings/through-temporal.js';
import { instead } from '../similar.js';
import { sourceKinds } from '../sources/kinds.js';
import { type StorePlace, sqlitePlace, storeForms, storePlace } from '../stores/place.js';
import { keysForm, type PayloadKeys, parseKeys } from '../temporal/codec/keys.js';
import { runningInstance } from '../temporal/instance.js';
import { textOfFile, whyUnreadable } from '../text-file.js';
import type { Listen } from '../watch/endpoint.js';
import { wholeNumber } from '../whole-number.js';
import { defaultTuning, type WorkerTuning } from '../worker-tuning.js';

/** The settings of a process, as opposed to those of a collector. */
export interface ProcessSettings {
  /** Absolute path of the folder for the files of the embedded server and of the store. */
  dataDir: string;
  store: StorePlace;
  /** The same as `store`, except in demo mode: then the store for the user's own collectors. */
  realStore: StorePlace;
  /** Environment and .env, without empty variables. */
  env: Readonly<Record<string, string>>;
  tuning: WorkerTuning;
  /** Keys that encrypt Temporal's history; null if it is not encrypted. */
  payloadKeys: PayloadKeys | null;
  /** The key that signs the heads of proofs of completeness; undefined if none is set. */
  proofKey: string | undefined;
  /** Token that a codec server requires; undefined for none. */
  codecToken: string | undefined;
  /** Settings and commands that a worker accepts through Temporal. */
  temporalSettings: TemporalSettings;
  /** The address at which a worker serves its health; null if it does not. */
  listen: Listen | null;
  /** Names that requests to Trawl's HTTP servers may use, besides localhost and addresses. */
  httpHosts: string[];
  /** Mode of the files that Trawl makes for itself. */
  fileMode: FileMode;
  /** Runs that a collector may miss before it is reported. */
  lateAfterRuns: number;
  /** True if nothing is set up yet, or its demo still runs. Then `up` collects from the demo team, in a separate folder. */
  demo: boolean;
  /** True while `trawl up` runs the demo, even if this process uses another folder. */
  demoRuns: boolean;
}

/** Definitions of the process settings, for `--help` and docs/settings.md. */
export const processSettingDefinitions = [
  {
    env: 'TRAWL_DATA',
    meaning: 'Folder for the files of the embedded server and of the store',
    expected: 'a path',
    default: './data',
  },
  {
    env: 'TRAWL_STORE',
    meaning: 'The store of events and checkpoints',
    expected: storeForms,
    default: 'sqlite:$TRAWL_DATA/trawl.db',
  },
  {
    env: 'TRAWL_STORE_FILE',
    meaning: 'File that contains TRAWL_STORE, for a URL with a password',
    expected: 'a path',
    default: 'none',
  },
  {
    env: 'TRAWL_STORE_POOL',
    meaning: 'Maximum number of connections that a process opens to PostgreSQL',
    expected: 'a whole number from 1 to 1000',
    default: '10',
  },
  {
    env: 'TRAWL_FILE_MODE',
    meaning: "Mode of Trawl's own new files, including the store; with 0640 their group may read them",
    expected: fileModes.join(' or '),
    default: fileModes[0],
  },
  {
    env: 'TRAWL_WORKER_ACTIVITIES',
    meaning: 'Number of steps (fetch, enrich, write) that a worker carries out at the same time',
    expected: 'a whole number from 1 to 1000',
    default: '20',
  },
  {
    env: 'TRAWL_WORKER_CACHED_WORKFLOWS',
    meaning: 'Number of runs that a worker keeps in memory; others are replayed when they continue',
    expected: 'a whole number from 1 to 1000',
    default: '200',
  },
  {
    env: 'TRAWL_ANSWER_SECONDS',
    meaning:
      'How long an answer of a source or of S3 may take to begin, and then to go on; the whole may take four times as long',
    expected: 'a whole number of seconds from 1 to 120',
    default: '30',
  },
  {
    env: 'TRAWL_LOG_LEVEL',
    meaning: 'Lowest level that is logged (to standard error)',
    expected: 'debug, info, warn or error',
    default: 'info',
  },
  {
    env: 'TRAWL_PAYLOAD_KEYS',
    meaning: "Keys that encrypt the payloads in Temporal's history",
    expected: keysForm,
    default: 'none: not encrypted',
  },
  {
    env: 'TRAWL_PAYLOAD_KEYS_FILE',
    meaning: 'File that contains TRAWL_PAYLOAD_KEYS',
    expected: 'a path',
    default: 'none',
  },
  {
    env: 'TRAWL_PROOF_KEY_FILE',
    meaning:
      'File with the key that signs the proof of completeness ("trawl proof key" makes one); the same on each worker',
    expected: 'a path',
    default:
      '`proof-key` in the data folder if it is there, as "trawl up" makes it with a new SQLite store; else not signed',
  },
  {
    env: 'TRAWL_CODEC_TOKEN',
    meaning: 'Token that a codec server requires',
    expected: 'any text',
    default: 'none: refused unless it listens on loopback',
  },
  {
    env: 'TRAWL_CODEC_TOKEN_FILE',
    meaning: 'File that contains TRAWL_CODEC_TOKEN',
    expected: 'a path',
    default: 'none',
  },
  {
    env: 'TRAWL_TEMPORAL_SETTINGS',
    meaning:
      'What may be set through Temporal: numbers that neither leave events out nor send them elsewhere; all but what decides where secrets go; or nothing, and then no clearing of events either',
    expected: 'safe, all or off',
    default: temporalSettings[0],
  },
  {
    env: 'TRAWL_SECRET_FOLDERS',
    meaning: 'Folders of the files with secrets that rows of the table may name',
    expected: 'paths separated by commas',
    default: '/run/secrets, $CREDENTIALS_DIRECTORY, and the folder of .env without hidden files',
  },
  {
    env: 'TRAWL_SECRET_HOSTS',
    meaning: 'Hosts, besides those of the vendor, that secrets are sent to if a row of the table names them',
    expected: secretHostsForm,
    default: 'none',
  },
  {
    env: 'TRAWL_LISTEN',
    meaning: 'Where a worker serves its health over HTTP',
    expected: 'HOST:PORT, or off',
    default: '127.0.0.1:9464, or the next free port',
  },
  {
    env: 'TRAWL_HTTP_HOSTS',
    meaning: "Names that requests to Trawl's own HTTP servers may use, besides localhost and addresses",
    expected: 'names of hosts without ports, separated by commas',
    default: 'none on loopback; otherwise the name of this machine, and that in TRAWL_LISTEN or --host',
  },
  {
    env: 'TRAWL_LATE_AFTER_RUNS',
    meaning: 'Number of runs that a collector may miss before it is reported as late',
    expected: 'a whole number from 1 to 1000',
    default: '3',
  },
  {
    env: 'TEMPORAL_CLI_PATH',
    meaning: 'The temporal command that runs the embedded server',
    expected: 'a path',
    default: 'the one on the PATH, otherwise a cached copy',
  },
  {
    env: 'TEMPORAL_CLI_SHA256',
    meaning: 'SHA-256 of the temporal command; any other one is refused, wherever it was found',
    expected: '64 hexadecimal digits',
    default: 'none',
  },
] as const;

const storeFile = 'trawl.db';
/** Variables that Node.js itself reads, before there is a .env. */
const readByNode = [
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];
const paths: ReadonlySet<string> = new Set(
  processSettingDefinitions.filter(({ expected }) => expected === 'a path').map(({ env }) => env),
);
const known = new Set<string>(processSettingDefinitions.map((definition) => definition.env));

/**
 * Reads the settings from the environment and, for variables it does not set, from `.env` in the working directory.
 *
 * @throws TrawlError SETTINGS_INVALID, which lists every problem.
 */
export function readProcessSettings(cwd: string, processEnv: Environment): ProcessSettings {
  const file = withoutEmpty(dotEnvValues(join(cwd, '.env')));
  const env = { ...file, ...withoutEmpty(processEnv) };
  const problems = readByNode
    .filter((name) => file[name] !== undefined && !processEnv[name])
    .map((name) => `${name} has no effect in .env, since Node.js reads it when it starts: set it in the environment`);
  for (const [name, value] of Object.entries(env)) {
    if (known.has(name)) problems.push(...textProblems(name, value));
    else if (name.startsWith('TRAWL_') && !isServiceLink(name, value) && !isSecretForTables(name))
      problems.push(`unknown setting ${name}${instead(name, known)}`);
  }
  const level = env.TRAWL_LOG_LEVEL;
  if (level !== undefined && !['debug', 'info', 'warn', 'error'].includes(level)) {
    problems.push('TRAWL_LOG_LEVEL must be debug, info, warn or error');
  }
  const listen = listenOf(env.TRAWL_LISTEN);
  if (listen === undefined) problems.push('TRAWL_LISTEN must be HOST:PORT, for example 127.0.0.1:9464, or off');
  const httpHosts = commaList(env.TRAWL_HTTP_HOSTS ?? '');
  if (!httpHosts.every((name) => hostName.test(name)))
    problems.push('TRAWL_HTTP_HOSTS must be names of hosts without ports, separated by commas');
  const modeText = env.TRAWL_FILE_MODE ?? fileModes[0];
  const fileMode = fileModes.find((mode) => mode === modeText);
  if (!fileMode) problems.push(`TRAWL_FILE_MODE must be ${fileModes.join(' or ')}`);
  const temporalText = env.TRAWL_TEMPORAL_SETTINGS ?? temporalSettings[0];
  const temporal = temporalSettings.find((setting) => setting === temporalText);
  if (!temporal) problems.push(`TRAWL_TEMPORAL_SETTINGS must be safe, all or off`);
  problems.push(...secretBoundProblems(env));
  const lateAfterRuns = countOf(env, 'TRAWL_LATE_AFTER_RUNS', 3, problems);
  const pool = countOf(env, 'TRAWL_STORE_POOL', 10, problems);
  const tuning = {
    activities: countOf(env, 'TRAWL_WORKER_ACTIVITIES', defaultTuning.activities, problems),
    cachedWorkflows: countOf(env, 'TRAWL_WORKER_CACHED_WORKFLOWS', defaultTuning.cachedWorkflows, problems),
    answerSeconds: countOf(env, 'TRAWL_ANSWER_SECONDS', defaultTuning.answerSeconds, problems, 120),
  };
  if (!/^([0-9a-f]{64})?$/i.test(env.TEMPORAL_CLI_SHA256 ?? ''))
    problems.push('TEMPORAL_CLI_SHA256 must be 64 hexadecimal digits');
  const named = textOrFile(cwd, env, 'TRAWL_STORE', problems);
  const keys = textOrFile(cwd, env, 'TRAWL_PAYLOAD_KEYS', problems);
  const payloadKeys = keys === undefined ? null : parseKeys(keys);
  // The value is not repeated: it contains keys.
  if (payloadKeys === undefined) problems.push(`TRAWL_PAYLOAD_KEYS must be ${keysForm}`);
  const codecToken = textOrFile(cwd, env, 'TRAWL_CODEC_TOKEN', problems);
  const root = resolve(cwd, env.TRAWL_DATA ?? './data');
  const demoDir = demoFolder(root);
  const demoRuns = existsSync(demoDir) && runningInstance(demoDir) !== null;
  // A store of one's own does not end a demo that runs: what `up` runs is what the other verbs speak to.
  const nothingOwn = demoRuns || !existsSync(join(root, storeFile));
  const demo = named === undefined && !hasSourceSettings(env) && nothingOwn;
  const dataDir = demo ? demoDir : root;
  const store = named === undefined ? sqlitePlace(join(dataDir, storeFile)) : storePlace(named, cwd, pool);
  const proofKey = store && proofKeyOf(cwd, env, { dataDir, store }, problems);
  // The value is not repeated: it may contain a password.
  if (!store) problems.push(`TRAWL_STORE must be ${storeForms}`);
  if (problems.length > 0 || !store || !fileMode || !temporal) {
    throw new TrawlError('SETTINGS_INVALID', `Invalid settings: ${problems.join('; ')}.`, {
      hint: 'Correct them in .env or in the environment.',
    });
  }
  return {
    dataDir,
    store,
    realStore: demo ? sqlitePlace(join(root, storeFile)) : store,
    tuning,
    payloadKeys: payloadKeys ?? null,
    proofKey,
    codecToken,
    temporalSettings: temporal,
    listen: listen ?? null,
    httpHosts,
    fileMode,
    lateAfterRuns,
    env,
    demo,
    demoRuns,
  };
}

/** A name that can be listed in TRAWL_HTTP_HOSTS: letters, digits, dots, hyphens and underscores, no port, no pattern. */
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i;

/** The folder of the demo team, within that for one's own files. */
export function demoFolder(root: string): string {
  return join(root, 'demo');
}

/** Problems of the settings that bound what rows of the table may name. A bound that is misspelt must not be missed. */
function secretBoundProblems(env: Environment): string[] {
  const problems = ['TRAWL_SECRET_FOLDER', 'TRAWL_SECRET_HOST']
    .filter((name) => env[name] !== undefined)
    .map((name) => `unknown setting ${name} (did you mean ${name}S?)`);
  const odd = commaList(env.TRAWL_SECRET_FOLDERS ?? '').filter((folder) => !isAbsolute(folder) || needsShell(folder));
  if (odd.length > 0) problems.push('TRAWL_SECRET_FOLDERS must be absolute paths, separated by commas');
  if (secretHosts(env.TRAWL_SECRET_HOSTS ?? '') === undefined)
    problems.push(`TRAWL_SECRET_HOSTS must be ${secretHostsForm}`);
  return problems;
}

/** Names what a value has that cannot be meant, without repeating it: it may contain a password. */
function textProblems(name: string, value: string): string[] {
  const odd = oddCharacter(value);
  if (odd !== undefined) return [`${name} has ${odd}`];
  const isPath = paths.has(name) || value.startsWith('sqlite:');
  // In a URL, unlike in a path, only braces cannot be meant.
  const unexpanded = isPath ? needsShell(value.replace(/^sqlite:/, '')) : /^postgres.*\$\{/.test(value);
  return unexpanded ? [`${name} has ~ or a variable in it, which is not expanded: write it in full`] : [];
}

function countOf(env: Environment, name: string, otherwise: number, problems: string[], max = 1000): number {
  const text = env[name];
  const value = text === undefined ? otherwise : wholeNumber(text, 1, max);
  if (value === undefined) problems.push(`${name} must be a whole number from 1 to ${max}`);
  return value ?? otherwise;
}

/** Reads a setting that may be secret from its variable or from the file that `NAME_FILE` names. */
function textOrFile(cwd: string, env: Environment, name: string, problems: string[]): string | undefined {
  const [text, path] = [env[name], env[`${name}_FILE`]];
  if (path === undefined) return text;
  if (text !== undefined) problems.push(`${name} and ${name}_FILE are both set`);
  try {
    const content = textOfFile(resolve(cwd, path)).trim();
    problems.push(...textProblems(name, content));
    return content;
  } catch (error) {
    problems.push(`${name}_FILE names a file that cannot be read (${whyUnreadable(error)})`);
    return undefined;
  }
}

/** In the data folder of a SQLite store that `trawl up` has made. */
export const proofKeyFile = 'proof-key';

/** The contents of the file of keys, one in each line; undefined if there is none. */
function proofKeyOf(
  cwd: string,
  env: Environment,
  { dataDir, store }: Pick<ProcessSettings, 'dataDir' | 'store'>,
  problems: string[],
): string | undefined {
  const own = join(dataDir, proofKeyFile);
  const path = env.TRAWL_PROOF_KEY_FILE ?? (store.kind === 'sqlite' && existsSync(own) ? own : undefined);
  if (path === undefined) return undefined;
  try {
    return textOfFile(resolve(cwd, path)).trim();
  } catch (error) {
    const file = env.TRAWL_PROOF_KEY_FILE === undefined ? own : 'TRAWL_PROOF_KEY_FILE names a file that';
    problems.push(`${file} cannot be read (${whyUnreadable(error)})`);
    return undefined;
  }
}

/** Parses TRAWL_LISTEN; undefined if it is malformed. */
function listenOf(text: string | undefined): Listen | null | undefined {
  if (text === undefined) return { host: '127.0.0.1', port: 9464, asked: false };
  if (text === 'off') return null;
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host !== undefined && Number(port) <= 65_535 ? { host, port: Number(port), asked: true } : undefined;
}

function hasSourceSettings(env: Environment): boolean {
  return collectorNames(sourceKinds, {}, env).length > 0;
}

/** An empty variable counts as not set, as in a .env file whose values are left blank. */
function withoutEmpty(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}
