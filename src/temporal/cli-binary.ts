import { execFile, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../environment.js';
import { reasonOf, TrawlError } from '../errors.js';

/** The newest tag of the CLI that `go install` can build. */
const goModule = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const version = '1.5.1';

/** Time limits of a build and a download; ms. */
const buildMaxMs = 15 * 60_000;
const downloadMaxMs = 3 * 60_000;

/**
 * Finds the `temporal` command: the one that TEMPORAL_CLI_PATH names, the one on the PATH, a cached copy, the SDK's own
 * download, or a build with Go, in this order. A download or a build is cached.
 *
 * @param tell receives progress messages if it takes a while.
 * @throws TrawlError TEMPORAL_CLI_MISSING; its hint says what to install.
 */
export async function temporalCli(env: Environment, tell: (line: string) => void): Promise<string> {
  if (env.TEMPORAL_CLI_PATH) {
    if (isExecutable(env.TEMPORAL_CLI_PATH)) return env.TEMPORAL_CLI_PATH;
    throw new TrawlError(
      'TEMPORAL_CLI_MISSING',
      `TEMPORAL_CLI_PATH names ${env.TEMPORAL_CLI_PATH}, which is not an executable file.`,
      {
        hint: 'Correct it, or unset it so that Trawl finds or builds the command.',
      },
    );
  }
  const onPath = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  const found = onPath.find((path) => isExecutable(path));
  if (found) return found;
  const cached = cachedCommand(env);
  if (isExecutable(cached)) return cached;

  const failures: string[] = [];
  for (const make of [download, build]) {
    try {
      await make(cached, env, tell);
      return cached;
    } catch (error) {
      failures.push(reasonOf(error));
      tell(`Failed: ${failures.at(-1)}`);
    }
  }
  throw new TrawlError(
    'TEMPORAL_CLI_MISSING',
    `No temporal command was found, and it could be neither downloaded nor built (${failures.join('; ')}).`,
    {
      hint: 'Install the Temporal CLI (https://docs.temporal.io/cli) or Go 1.24 and later, or name the command in TEMPORAL_CLI_PATH.',
    },
  );
}

/**
 * The path of the cached copy, in a folder that exists.
 * @throws TrawlError TEMPORAL_CLI_MISSING if there is neither a copy nor a place for one
 */
function cachedCommand({ XDG_CACHE_HOME: cache, HOME: home }: Environment): string {
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

async function download(target: string, env: Environment, tell: (line: string) => void): Promise<void> {
  tell('No temporal command found: downloading it (once) …');
  const folder = mkdtempSync(join(tmpdir(), 'trawl-temporal-'));
  try {
    // The SDK downloads only when it starts a server. A separate process makes it possible to abort that.
    const script = `
      const { TestWorkflowEnvironment } = await import(${JSON.stringify(import.meta.resolve('@temporalio/testing'))});
      const environment = await TestWorkflowEnvironment.createLocal({
        server: { executable: { type: 'cached-download', downloadDir: ${JSON.stringify(folder)} } },
      });
      await environment.teardown();`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: downloadMaxMs,
      env: { ...env },
    }).catch((error: unknown) => {
      throw new Error(`download: ${lastLine((error as { stderr?: string }).stderr) ?? reasonOf(error)}`);
    });
    const [file] = readdirSync(folder).filter((name) => isExecutable(join(folder, name)));
    if (!file) throw new Error('download: no executable file was downloaded');
    install(join(folder, file), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function build(target: string, env: Environment, tell: (line: string) => void): Promise<void> {
  tell(`Building the Temporal CLI with Go (once, a few minutes): ${goModule}`);
  const folder = mkdtempSync(join(tmpdir(), 'trawl-temporal-'));
  const startedAt = Date.now();
  const ticking = setInterval(
    () => tell(`… still building (${Math.round((Date.now() - startedAt) / 1000)} s)`),
    20_000,
  );
  try {
    await runGo({ ...env, GOBIN: folder });
    install(join(folder, 'temporal'), target);
    tell(`Built in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  } finally {
    clearInterval(ticking);
    rmSync(folder, { recursive: true, force: true });
  }
}

function runGo(env: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = spawn('go', ['install', goModule], {
      env: { ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: buildMaxMs,
    });
    let errors = '';
    go.stderr.on('data', (data) => {
      errors = (errors + String(data)).slice(-2_000);
    });
    go.on('error', () => reject(new Error('build: there is no go command')));
    go.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`build: go install failed: ${lastLine(errors)}`)),
    );
  });
}

/** Installs by renaming, so that no process ever sees half a file. */
function install(from: string, target: string): void {
  const beside = `${target}.${process.pid}`;
  copyFileSync(from, beside);
  renameSync(beside, target);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function lastLine(text: string | undefined): string | undefined {
  return text?.trim().split('\n').at(-1) || undefined;
}
