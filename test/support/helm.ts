import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { testCache } from './debian.js';

const version = 'v3.22.0';
const folder = join(testCache, `helm-${version}`);

/** Why a test that needs Helm is skipped. To build Helm takes a minute of processor time: too much for the tests. */
export const noHelm = `there is no helm on the PATH; GOBIN=${folder} go install helm.sh/helm/v3/cmd/helm@${version} builds it`;

export const charts = join(root, 'deploy/helm');
export const chart = join(charts, 'trawl');
export const plainManifest = join(root, 'deploy/kubernetes/trawl.yaml');

export interface Told {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the Helm on the PATH, else that in the cache of the tests; undefined if there is none. It needs no cluster. */
export function helm(args: string[], input = ''): Told | undefined {
  for (const program of ['helm', join(folder, 'helm')]) {
    const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input });
    if (!error) return { status, stdout, stderr };
  }
  return undefined;
}

/** Renders the chart as the release `trawl` with these values, which need no file. */
export function rendered(values: object): Told | undefined {
  return helm(['template', 'trawl', chart, '--namespace', 'trawl', '--values', '-'], JSON.stringify(values));
}

const digestOf = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** Digest of all files that the plain manifest is made from. */
function chartDigest(): string {
  const files = readdirSync(charts, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map((each) => join(each.parentPath, each.name)).sort();
  return digestOf(paths.map((path) => `${relative(charts, path)} ${digestOf(readFileSync(path))}\n`).join(''));
}

/** The first lines of the plain manifest, by which it is recognized where there is no Helm to make it again. */
export function headOfManifest(objects: string): string {
  return [
    '# Workers of Trawl on Kubernetes, with PostgreSQL and Temporal elsewhere. docs/containers.md explains how to use it.',
    '# Edit a copy: `npm run manifests` makes this file from the Helm chart in deploy/helm.',
    `# deploy/helm sha256:${chartDigest()}`,
    `# below       sha256:${digestOf(objects)}`,
    '',
  ].join('\n');
}

const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: trawl
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: latest
`;

/** The plain manifest: the chart with the example values, in a namespace with the strictest pod security. */
export function makePlainManifest(): string | undefined {
  const values = join(charts, 'example-values.yaml');
  const told = helm(['template', 'trawl', chart, '--namespace', 'trawl', '--values', values]);
  if (told === undefined) return undefined;
  if (told.status !== 0) throw new Error(told.stderr);
  const objects = `---\n${namespace}${told.stdout.replace(/^# Source: .*\n/gm, '')}`;
  return headOfManifest(objects) + objects;
}
