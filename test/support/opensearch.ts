import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { endProcess } from '../../src/processes.js';
import { until } from './collection.js';
import { freePort } from './ports.js';

const fixtures = join(root, 'test', 'fixtures', 'opensearch');

/** A real OpenSearch of one node. */
export interface TestOpenSearch {
  url: string;
  pid(): number;
  start(): Promise<void>;
  /** @returns the body of the answer, parsed. */
  ask(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  remove(): Promise<void>;
}

/** Null if there is no Java 17 or later, or no Maven to fetch OpenSearch with. */
export async function startOpenSearch(): Promise<TestOpenSearch | null> {
  const classPath = classPathOf();
  if (classPath === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'trawl-opensearch-'));
  const port = await freePort(26_000 + Math.floor(Math.random() * 2_000));
  const url = `http://127.0.0.1:${port}`;
  let pid = 0;
  const start = async () => {
    // It runs too shortly for the best code to pay.
    const brief = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    const options = [...brief, '-Xms256m', '-Xmx512m', '-Dlog4j2.level=OFF', '-cp', classPath];
    const child = spawn('java', [...options, join(fixtures, 'Server.java'), folder, String(port)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    pid = child.pid!;
    await until('OpenSearch answers', async () => (await fetch(url).catch(() => undefined))?.ok === true, 120_000);
  };
  await start();
  const ask = async (method: string, path: string, body?: object) => {
    const sent = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${url}${path}`, { method, ...sent });
    return (await answer.json()) as Record<string, unknown>;
  };
  const remove = async () => {
    await endProcess(pid);
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, pid: () => pid, start, ask, remove };
}

/** Kept between runs, since Maven takes a while even if it has everything. */
function classPathOf(): string | null {
  const cache = join(homedir(), '.cache', 'trawl', 'test');
  const file = join(cache, 'opensearch-2.19.1.txt');
  const isWhole = () => existsSync(file) && readFileSync(file, 'utf8').split(':').every(existsSync);
  try {
    execFileSync('java', ['--version'], { stdio: 'ignore' });
    if (!isWhole()) {
      mkdirSync(cache, { recursive: true });
      const own = `${file}.${process.pid}`;
      const args = ['-q', '-B', '-f', join(fixtures, 'pom.xml'), `-Dmdep.outputFile=${own}`];
      execFileSync('mvn', [...args, 'dependency:build-classpath'], { stdio: 'ignore', timeout: 280_000 });
      renameSync(own, file);
    }
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
