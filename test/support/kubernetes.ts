import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { expect } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import { chart, charts, rendered } from './helm.js';

/** Validates against Kubernetes' own schemas. */
const kinds = { Namespace, ServiceAccount, ConfigMap, Deployment, Service, PodDisruptionBudget, NetworkPolicy, Job };

// biome-ignore lint/suspicious/noExplicitAny: the files may contain anything; the tests check it by a schema.
export type Manifest = any;

const text = (path: string) => readFileSync(path, 'utf8');
export const values: Manifest = parse(text(join(chart, 'values.yaml')));
export const example: Manifest = parse(text(join(charts, 'example-values.yaml')));
const ajv = new Ajv({ strictTypes: false, strictRequired: false, allowMatchingProperties: true });
const serviceMonitor = ajv.compile(JSON.parse(text(join(root, 'test/support/service-monitor.schema.json'))));
export const valid = ajv.compile(JSON.parse(text(join(chart, 'values.schema.json'))));

export const manifestsIn = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml).flatMap((each) => {
    expect(each.errors).toEqual([]);
    return each.toJS() ?? [];
  });

export function validate(manifest: Manifest): void {
  if (manifest.kind === 'ServiceMonitor') {
    if (!serviceMonitor(manifest)) throw new Error(JSON.stringify(serviceMonitor.errors));
  } else expect(() => new kinds[manifest.kind as keyof typeof kinds](manifest).validate()).not.toThrow();
}

export const everything = {
  ...example,
  image: { repository: 'registry.example/trawl', digest: `sha256:${'a'.repeat(64)}`, pullSecrets: ['registry'] },
  secrets: ['trawl', 'trawl-more'],
  worker: {
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'audit', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
  },
  serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/trawl' } },
  monitoring: { namespace: 'observe', serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  networkPolicy: {
    ports: [443],
    egress: [{ to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: [{ protocol: 'TCP', port: 5432 }] }],
  },
};
export const elsewhere = {
  temporal: { address: 'eu-west-1.aws.api.temporal.io:7234', namespace: 'audit.a1b2c' },
  worker: { replicas: 1, resources: null },
  start: { enabled: false },
  podDisruptionBudget: { enabled: false },
};

export function renderedBy(given: object): string | undefined {
  const told = rendered(given);
  if (told) expect(told).toMatchObject({ status: 0, stderr: '' });
  return told?.stdout;
}
