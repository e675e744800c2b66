import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readProcessSettings } from '../../src/cli/process-settings.js';
import { temporalCli } from '../../src/temporal/cli-binary.js';
import { type CliRelease, pinnedCli } from '../../src/temporal/cli-pinned.js';

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');
const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
const quiet = () => undefined;

/** A place with a home of its own, a folder on the PATH, and a command that leaves a trace when it runs. */
class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'trawl-cli-'));
  readonly bin = join(this.folder, 'bin');
  readonly cache = join(this.folder, '.cache', 'trawl');
  readonly trace = join(this.folder, 'has-run');

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true }));
    for (const path of [this.bin, this.cache]) mkdirSync(path, { recursive: true });
  }

  get env(): Record<string, string> {
    return { PATH: this.bin, HOME: this.folder, MY_SECRET: 's3cret' };
  }

  command(path: string, version: string): string {
    writeFileSync(path, `#!/bin/sh\n: > ${this.trace}\necho "temporal version ${version} (Server 1.29.1)"\n`, {
      mode: 0o755,
    });
    return path;
  }

  /** Serves a release whose archive contains a command of its version, behind a redirect as releases are. */
  async release(version: string): Promise<{ release: CliRelease; asked: string[] }> {
    this.command(join(this.folder, 'temporal'), version);
    writeFileSync(join(this.folder, 'LICENSE'), 'MIT'.repeat(400));
    const tar = ['-czf', 'archive.tar.gz', 'LICENSE', 'temporal'];
    execFileSync('tar', tar, { cwd: this.folder });
    const archive = readFileSync(join(this.folder, 'archive.tar.gz'));
    const asked: string[] = [];
    const server = createServer(({ url = '' }, answer) => {
      asked.push(url);
      if (url.startsWith('/assets/')) answer.end(archive);
      else answer.writeHead(302, { location: `/assets${url}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { release: { ...pinnedCli, version, url, archives: { [platform]: sha256(archive) } }, asked };
  }
}

const unreachable: CliRelease = { ...pinnedCli, url: 'http://127.0.0.1:9' };

describe('the temporal command', () => {
  it('is downloaded once, as the pinned release', async () => {
    const scene = new Scene();
    const { release, asked } = await scene.release('1.2.3');
    const cached = join(scene.cache, 'temporal-1.2.3');
    expect(await temporalCli(scene.env, quiet, release)).toBe(cached);
    const archive = `/v1.2.3/temporal_cli_1.2.3_${platform}.tar.gz`;
    expect(asked).toEqual([archive, `/assets${archive}`]);
    expect(readFileSync(cached)).toEqual(readFileSync(join(scene.folder, 'temporal')));
    expect(await temporalCli(scene.env, quiet, release)).toBe(cached);
    expect(asked.length).toBe(2);
    expect(readdirSync(scene.cache)).toEqual(['temporal-1.2.3']);
  });

  it('is not unpacked, stored or run if the archive is not the one of the release', async () => {
    const scene = new Scene();
    const { release } = await scene.release('1.2.3');
    const other = { ...release, archives: { [platform]: sha256('another one') } };
    await expect(temporalCli(scene.env, quiet, other)).rejects.toMatchObject({
      code: 'TEMPORAL_CLI_MISSING',
      message: expect.stringMatching(
        `has the SHA-256 ${release.archives[platform]} instead of ${sha256('another one')}.*no go command`,
      ),
    });
    expect(readdirSync(scene.cache)).toEqual([]);
    expect(existsSync(scene.trace)).toBe(false);
    await expect(temporalCli(scene.env, quiet, { ...release, archives: {} })).rejects.toMatchObject({
      message: expect.stringContaining(`no digest of a release for ${platform} is known`),
    });
  });

  it('is not a cached copy of another version', async () => {
    const scene = new Scene();
    const { release } = await scene.release('1.2.3');
    const cached = scene.command(join(scene.cache, 'temporal-1.2.3'), '1.9.0');
    const told: string[] = [];
    expect(await temporalCli(scene.env, (line) => told.push(line), release)).toBe(cached);
    expect(told[0]).toContain(`${cached} is version 1.9.0 instead of 1.2.3`);
    expect(execFileSync(cached, { encoding: 'utf8' })).toContain('1.2.3');
    // What earlier versions of Trawl have built does not know its version.
    scene.command(cached, '0.0.0-DEV');
    expect(await temporalCli(scene.env, quiet, release)).toBe(cached);
    expect(execFileSync(cached, { encoding: 'utf8' })).toContain('DEV');
  });

  it('is refused, wherever it was found, if it is not the one of TEMPORAL_CLI_SHA256', async () => {
    const scene = new Scene();
    const command = scene.command(join(scene.bin, 'temporal'), '1.9.0');
    const named = { ...scene.env, PATH: '', TEMPORAL_CLI_PATH: command };
    for (const env of [scene.env, named]) {
      const right = sha256(readFileSync(command));
      expect(await temporalCli({ ...env, TEMPORAL_CLI_SHA256: right.toUpperCase() }, quiet)).toBe(command);
      await expect(temporalCli({ ...env, TEMPORAL_CLI_SHA256: sha256('') }, quiet)).rejects.toMatchObject({
        code: 'TEMPORAL_CLI_MISSING',
        message: expect.stringContaining(right),
      });
    }
    const { release } = await scene.release('1.2.3');
    const cached = scene.command(join(scene.cache, 'temporal-1.2.3'), '1.2.3');
    const otherwise = { ...scene.env, PATH: '', TEMPORAL_CLI_SHA256: sha256('') };
    await expect(temporalCli(otherwise, quiet, release)).rejects.toThrow('TEMPORAL_CLI_SHA256');
    expect(existsSync(scene.trace)).toBe(false);
    rmSync(cached);
    await expect(temporalCli(otherwise, quiet, release)).rejects.toThrow('TEMPORAL_CLI_SHA256');
    expect(() => readProcessSettings('/nowhere', { TEMPORAL_CLI_SHA256: 'abc' })).toThrow('64 hexadecimal digits');
  });

  /** A `go` that notes its environment, says that it has downloaded a module with this sum, and builds. */
  function withGo(scene: Scene, sum: string): string {
    const log = join(scene.folder, 'go.log');
    const answer = JSON.stringify({ Dir: scene.folder, Sum: sum });
    const built = scene.command(join(scene.folder, 'built'), unreachable.version);
    writeFileSync(
      join(scene.bin, 'go'),
      `#!/bin/sh
echo "ran go $*" >> ${log}
/usr/bin/env >> ${log}
if [ "$1" = mod ]; then echo '${answer}'; exit; fi
while [ "$1" != -o ]; do shift; done
/bin/cp ${built} "$2"
`,
      { mode: 0o755 },
    );
    return log;
  }

  it('is built from the pinned module, by a Go that gets none of the secrets', async () => {
    const scene = new Scene();
    const log = withGo(scene, unreachable.moduleSum);
    const env = { ...scene.env, GOPROXY: 'https://mirror', GOOGLE_API_KEY: 's3cret', GO_TOKEN: 's3cret' };
    const cached = join(scene.cache, `temporal-${unreachable.version}`);
    expect(await temporalCli(env, quiet, unreachable)).toBe(cached);
    const noted = readFileSync(log, 'utf8');
    expect(noted).toContain(`ran go mod download -json github.com/temporalio/cli@v${unreachable.version}\n`);
    expect(noted).toMatch(/^ran go build -mod=readonly .*\.\/cmd\/temporal$/m);
    expect(noted).toContain('GOPROXY=https://mirror');
    expect(noted).not.toContain('s3cret');
    expect(existsSync(cached)).toBe(true);
  });

  it('is not built from another module', async () => {
    const scene = new Scene();
    const log = withGo(scene, 'h1:another');
    await expect(temporalCli(scene.env, quiet, unreachable)).rejects.toMatchObject({
      message: expect.stringContaining(`has the sum h1:another instead of ${unreachable.moduleSum}`),
    });
    expect(readFileSync(log, 'utf8')).not.toContain('ran go build');
    expect(readdirSync(scene.cache)).toEqual([]);
  });

  it('is pinned by a digest for each platform that a release has', () => {
    expect(Object.keys(pinnedCli.archives).sort()).toEqual(
      ['darwin', 'linux'].flatMap((system) => ['amd64', 'arm64'].map((machine) => `${system}_${machine}`)),
    );
    expect(new Set(Object.values(pinnedCli.archives)).size).toBe(4);
    for (const digest of Object.values(pinnedCli.archives)) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });
});
