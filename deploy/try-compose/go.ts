import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The program of a package of Go, built at this version with the dependencies that its module's go.sum names.
 * @param folder caches the programs
 */
export async function goProgram(folder: string, packagePath: string, version: string): Promise<string> {
  const place = join(folder, `${packagePath.replaceAll('/', '_')}@${version}`);
  const program = join(place, packagePath.split('/').at(-1)!);
  if (existsSync(program)) return program;
  const draft = `${place}-${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    console.log(`  go install ${packagePath}@${version} …`);
    const env = { ...process.env, GOBIN: draft, CGO_ENABLED: '0', GOFLAGS: `${process.env.GOFLAGS ?? ''} -p=2`.trim() };
    // It takes minutes of every processor otherwise.
    await run('nice', ['-n', '15', 'go', 'install', `${packagePath}@${version}`], { cwd: folder, env });
    renameSync(draft, place);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return program;
}

/** The folder of a module's own files: scripts, schemas, Dockerfiles. */
export async function goModule(folder: string, path: string, version: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', `${path}@${version}`], { cwd: folder });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}
