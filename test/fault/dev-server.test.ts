import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server.js';
import { until } from '../support/collection.js';
import { freePort } from '../support/ports.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'trawl-dev-server-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function started(options: { cli?: string; tell?: (line: string) => void } = {}): Promise<DevServer> {
  const port = await freePort(15_000 + Math.floor(Math.random() * 2_000));
  const { cli = inject('temporalCli'), tell = () => undefined } = options;
  const server = await startDevServer({ cli, dataDir: folder(), port, uiPort: port, ui: false, tell });
  onTestFinished(() => server.stop());
  return server;
}

/** Returns undefined if nothing answers. */
async function namespacesAt(address: string): Promise<string[] | undefined> {
  const connection = await Connection.connect({ address, connectTimeout: '1s' }).catch(() => null);
  try {
    const answer = await connection?.workflowService.listNamespaces({});
    return answer?.namespaces?.map(({ namespaceInfo }) => namespaceInfo?.name ?? '').sort();
  } catch {
    return undefined;
  } finally {
    await connection?.close();
  }
}

const ownNamespaces = ['default', 'temporal-system'];

/**
 * A temporal command that, while a certain file exists, finds its port taken at the last moment by another server,
 * which keeps it.
 */
function losingCli(loses: string): string {
  const path = join(folder(), 'temporal');
  writeFileSync(
    path,
    `#!/bin/sh
real=${inject('temporalCli')}
if [ -e ${loses} ]; then
  rm ${loses}
  while [ "$1" != --port ]; do shift; done
  setsid $real server start-dev --headless --port "$2" --namespace theirs >/dev/null 2>&1 &
  echo $! > ${loses}.pid
  until $real operator namespace describe --address "127.0.0.1:$2" -n theirs >/dev/null 2>&1; do :; done
  sleep 2
  exit 1
fi
exec $real "$@"
`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe('another server that takes the port', () => {
  it("at the start, or while Trawl's server is down, is not mistaken for it", async () => {
    const loses = join(folder(), 'loses');
    writeFileSync(loses, '');
    const theirs: number[] = [];
    onTestFinished(() => {
      for (const pid of theirs) process.kill(pid, 'SIGKILL');
    });
    const server = await started({ cli: losingCli(loses) });
    theirs.push(Number(readFileSync(`${loses}.pid`, 'utf8')));
    expect(await namespacesAt(server.address)).toEqual(ownNamespaces);

    writeFileSync(loses, '');
    process.kill(server.pid()!, 'SIGKILL');
    const seen = new Set<string>();
    await until('the server answers again', async () => {
      const namespaces = await namespacesAt(server.address);
      if (namespaces) seen.add(namespaces.join());
      return namespaces !== undefined;
    });
    theirs.push(Number(readFileSync(`${loses}.pid`, 'utf8')));
    expect([...seen]).toEqual([ownNamespaces.join()]);
  }, 120_000);

  it('cannot get the address, which Trawl holds while its server is down', async () => {
    const server = await started();
    const [host, port] = server.address.split(':') as [string, string];
    process.kill(server.pid()!, 'SIGKILL');
    const taken = await new Promise<string>((resolve) => {
      const other = createServer();
      other.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
      other.listen({ host, port: Number(port) }, () => other.close(() => resolve('free')));
    });
    expect(taken).toBe('EADDRINUSE');
    await until('the server answers', async () => (await namespacesAt(server.address)) !== undefined);
    await expect(Promise.race([server.failed, 'runs'])).resolves.toBe('runs');
  }, 60_000);
});
