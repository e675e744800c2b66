import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { endProcess } from '../../src/processes.js';
import { until } from './collection.js';
import { freePort } from './ports.js';

const version = 'v1.8.0';

/** A real S3 server on a folder, removed when the test ends. */
export interface TestS3 {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** The folder that has its objects as files. */
  folder: string;
  pid(): number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Null if there is no versitygw, and no Go to build it with. */
export async function startS3(buckets: readonly string[]): Promise<TestS3 | null> {
  const program = versitygw();
  if (program === null) return null;
  const home = mkdtempSync(join(tmpdir(), 'trawl-s3-'));
  const folder = join(home, 'objects');
  for (const bucket of buckets) mkdirSync(join(folder, bucket), { recursive: true });
  const port = await freePort(28_000 + Math.floor(Math.random() * 2_000));
  const endpoint = `http://127.0.0.1:${port}`;
  const [accessKeyId, secretAccessKey] = ['test-access-key', 'test-secret-access-key'];
  let pid = 0;
  const start = async () => {
    const child = spawn(program, ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', folder], {
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
      stdio: 'ignore',
    });
    pid = child.pid!;
    await until('the S3 server answers', async () => {
      const answer = await fetch(endpoint).catch(() => undefined);
      return answer !== undefined;
    });
  };
  const stop = async () => endProcess(pid);
  await start();
  onTestFinished(async () => {
    await stop();
    rmSync(home, { recursive: true, force: true });
  });
  return { endpoint, accessKeyId, secretAccessKey, folder, pid: () => pid, start, stop };
}

/** The one on the PATH, else a cached one, else one that Go builds in a minute or two. */
function versitygw(): string | null {
  const run = (command: string, args: string[], env = process.env) => {
    try {
      execFileSync(command, args, { stdio: 'ignore', env, timeout: 280_000 });
      return true;
    } catch {
      return false;
    }
  };
  if (run('versitygw', ['--version'])) return 'versitygw';
  const cache = join(homedir(), '.cache', 'trawl', 'test');
  const cached = join(cache, 'versitygw');
  if (existsSync(cached)) return cached;
  mkdirSync(cache, { recursive: true });
  const built = run('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${version}`], {
    ...process.env,
    GOBIN: cache,
  });
  return built && existsSync(cached) ? cached : null;
}
