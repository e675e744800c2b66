import { once } from 'node:events';
import { z } from 'zod';
import type { Environment } from '../environment.js';
import { startProcess } from '../processes.js';
import type { CliRelease } from './cli-pinned.js';

const buildMaxMs = 15 * 60_000;
const progressMs = 20_000;

/** Variables that Go reads to find and verify modules, and to keep what it has built. */
const ofGo = [
  ...['GOROOT', 'GOPATH', 'GOCACHE', 'GOMODCACHE', 'GOTMPDIR', 'GOENV', 'GOFLAGS', 'GOTOOLCHAIN', 'GODEBUG'],
  ...['GOPROXY', 'GONOPROXY', 'GOPRIVATE', 'GOSUMDB', 'GONOSUMDB', 'GOINSECURE', 'GOVCS', 'GOAUTH', 'NETRC'],
  ...['GOMAXPROCS', 'GOMEMLIMIT', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['CGO_ENABLED', 'GOWORK'],
];

const moduleSchema = z.object({ Dir: z.string(), Sum: z.string() });

/** Builds the `temporal` command of a release with Go, into the file `target`. */
export async function buildCli(release: CliRelease, target: string, env: Environment, tell: (line: string) => void) {
  const module = `github.com/temporalio/cli@v${release.version}`;
  tell(`Building the Temporal CLI with Go (once, a few minutes): ${module}`);
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const ticking = setInterval(() => tell(`… still building (${seconds()} s)`), progressMs);
  try {
    const downloaded = await go(['mod', 'download', '-json', module], env);
    const { Dir, Sum } = moduleSchema.parse(JSON.parse(downloaded));
    if (Sum !== release.moduleSum)
      throw new Error(`build: ${module} has the sum ${Sum} instead of ${release.moduleSum}, so it was not built`);
    // In the module's own folder, Go requires what it needs to be what its go.sum says.
    const version = `-s -w -X github.com/temporalio/cli/temporalcli.Version=${release.version}`;
    const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', `-ldflags=${version}`, '-o', target];
    await go(['build', ...flags, './cmd/temporal'], env, Dir);
    tell(`Built in ${seconds()} s.`);
  } finally {
    clearInterval(ticking);
  }
}

/** Runs Go and returns its output. */
async function go(args: string[], env: Environment, cwd?: string): Promise<string> {
  const child = startProcess('go', args, {
    env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' },
    variables: ofGo,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: buildMaxMs,
    cwd,
  });
  let output = '';
  let errors = '';
  child.stdout!.on('data', (data) => {
    output += String(data);
  });
  child.stderr!.on('data', (data) => {
    errors = (errors + String(data)).slice(-2_000);
  });
  const [code, signal] = await once(child, 'close').catch(() => {
    throw new Error('build: there is no go command');
  });
  if (code === 0) return output;
  const took = child.killed ? `it took more than ${buildMaxMs / 60_000} minutes` : `it was ended by ${signal}`;
  const reason = signal ? took : (errors.trim() || output.trim()).split('\n').at(-1);
  throw new Error(`build: go ${args[0]} failed: ${reason}`);
}
