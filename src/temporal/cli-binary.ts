import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Environment } from '../environment.js';
import { reasonOf, TrawlError } from '../errors.js';
import { outputOf } from '../processes.js';
import { buildCli } from './cli-build.js';
import { type CliRelease, pinnedCli } from './cli-pinned.js';

/** The version that `temporal --version` reports if it was built without being told one. */
const unversioned = '0.0.0-DEV';

/**
 * Finds the `temporal` command: the one that TEMPORAL_CLI_PATH names, the one on the PATH, a cached copy, the download
 * of a release, or a build with Go, in this order. A download or a build is cached.
 *
 * @param tell receives progress messages if it takes a while.
 * @throws TrawlError TEMPORAL_CLI_MISSING; its hint says what to install.
 */
export async function temporalCli(
  env: Environment,
  tell: (line: string) => void,
  release: CliRelease = pinnedCli,
): Promise<string> {
  const command = namedCommand(env) ?? commandOnPath(env) ?? (await ownCommand(env, tell, release));
  await requireDigest(command, env.TEMPORAL_CLI_SHA256);
  return command;
}

function namedCommand({ TEMPORAL_CLI_PATH: path }: Environment): string | undefined {
  if (!path) return undefined;
  if (isExecutable(path)) return path;
  throw new TrawlError('TEMPORAL_CLI_MISSING', `TEMPORAL_CLI_PATH names ${path}, which is not an executable file.`, {
    hint: 'Correct it, or unset it so that Trawl finds, downloads or builds the command.',
  });
}

function commandOnPath(env: Environment): string | undefined {
  const places = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  return places.find((path) => isExecutable(path));
}

/** @throws TrawlError TEMPORAL_CLI_MISSING if the command is not the one that the user expects */
async function requireDigest(command: string, expected: string | undefined): Promise<void> {
  if (!expected) return;
  const hash = createHash('sha256');
  await pipeline(createReadStream(command), hash);
  const digest = hash.digest('hex');
  if (digest === expected.toLowerCase()) return;
  throw new TrawlError(
    'TEMPORAL_CLI_MISSING',
    `${command} is not the temporal command that TEMPORAL_CLI_SHA256 describes: its SHA-256 is ${digest}.`,
    {
      hint: 'If you trust this file, set TEMPORAL_CLI_SHA256 to its digest. Otherwise remove it, or name the right one in TEMPORAL_CLI_PATH.',
    },
  );
}

/** The cached copy, after it is downloaded or built if necessary. */
async function ownCommand(env: Environment, tell: (line: string) => void, release: CliRelease): Promise<string> {
  const cached = cachedCommand(env, release);
  const failures: string[] = [];
  // A digest says more than a version, for which the copy would have to run before it is verified.
  if (isExecutable(cached) && env.TEMPORAL_CLI_SHA256) return cached;
  const found = isExecutable(cached) ? versionOf(cached) : undefined;
  if (found === release.version || found === unversioned) return cached;
  if (found) {
    // Earlier versions of Trawl kept here whatever Temporal's SDK downloaded.
    failures.push(`${cached} is version ${found} instead of ${release.version}`);
    tell(`${failures[0]}: replacing it.`);
  }
  const makers = [
    async (draft: string) => {
      tell(`No temporal command found: downloading version ${release.version} (once) …`);
      // Loaded only here: most starts need no HTTP client.
      const { downloadedCli } = await import('./cli-release.js');
      writeFileSync(draft, await downloadedCli(release, env), { flag: 'wx', mode: 0o755 });
    },
    (draft: string) => buildCli(release, draft, env, tell),
  ];
  for (const make of makers) {
    try {
      await installed(make, cached);
      return cached;
    } catch (error) {
      failures.push(error instanceof TrawlError ? error.message.replace(/\.$/, '') : reasonOf(error));
      tell(`Failed: ${failures.at(-1)}`);
    }
  }
  throw new TrawlError(
    'TEMPORAL_CLI_MISSING',
    `No temporal command was found, and it could be neither downloaded nor built (${failures.join('; ')}).`,
    {
      hint: 'Install the Temporal CLI (https://docs.temporal.io/cli) or Go 1.25 and later, or name the command in TEMPORAL_CLI_PATH.',
    },
  );
}

/**
 * The path of the cached copy, in a folder that exists.
 * @throws TrawlError TEMPORAL_CLI_MISSING if there is neither a copy nor a place for one
 */
function cachedCommand({ XDG_CACHE_HOME: cache, HOME: home }: Environment, { version }: CliRelease): string {
  try {
    // By the standard, a path that is not absolute does not count.
    const folder = join(cache && isAbsolute(cache) ? cache : join(home || homedir(), '.cache'), 'trawl');
    const command = join(folder, `temporal-${version}`);
    if (isExecutable(command)) return command;
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return command;
  } catch (error) {
    throw new TrawlError(
      'TEMPORAL_CLI_MISSING',
      `No temporal command was found, and there is no folder to keep a downloaded one in: ${reasonOf(error)}.`,
      {
        hint: 'Name the command in TEMPORAL_CLI_PATH, or set HOME or XDG_CACHE_HOME to a folder that this user may write to.',
        cause: error,
      },
    );
  }
}

function versionOf(command: string): string {
  try {
    return /version (\S+)/.exec(outputOf(command, ['--version']))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Installs by renaming within the folder, so that no process ever sees half a file. */
async function installed(make: (draft: string) => Promise<void>, target: string): Promise<void> {
  const folder = mkdtempSync(join(dirname(target), 'new-'));
  try {
    const draft = join(folder, 'temporal');
    await make(draft);
    renameSync(draft, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
