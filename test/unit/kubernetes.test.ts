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
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import { processSettingDefinitions } from '../../src/cli/process-settings.js';
import { sinks } from '../../src/sinks/registry.js';
import { sources } from '../../src/sources/registry.js';
import { isSetting } from '../support/deployed-settings.js';
import { blockThatBegins } from '../support/doc-blocks.js';
import {
  chart,
  charts,
  headOfManifest,
  helm,
  makePlainManifest,
  noHelm,
  plainManifest,
  rendered,
} from '../support/helm.js';

/** Validates against Kubernetes' own schemas. */
const kinds = { Namespace, ServiceAccount, ConfigMap, Deployment, Service, PodDisruptionBudget, NetworkPolicy, Job };

// biome-ignore lint/suspicious/noExplicitAny: the files may contain anything; the tests check it by a schema.
type Manifest = any;

const text = (path: string) => readFileSync(path, 'utf8');
const values: Manifest = parse(text(join(chart, 'values.yaml')));
const example: Manifest = parse(text(join(charts, 'example-values.yaml')));
const ajv = new Ajv({ strictTypes: false, strictRequired: false });
const serviceMonitor = ajv.compile(JSON.parse(text(join(root, 'test/support/service-monitor.schema.json'))));
const valid = ajv.compile(JSON.parse(text(join(chart, 'values.schema.json'))));

const manifestsIn = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml).flatMap((each) => {
    expect(each.errors).toEqual([]);
    return each.toJS() ?? [];
  });

function validate(manifest: Manifest): void {
  if (manifest.kind === 'ServiceMonitor') {
    if (!serviceMonitor(manifest)) throw new Error(JSON.stringify(serviceMonitor.errors));
  } else expect(() => new kinds[manifest.kind as keyof typeof kinds](manifest).validate()).not.toThrow();
}

const everything = {
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
const elsewhere = {
  temporal: { address: 'eu-west-1.aws.api.temporal.io:7234', namespace: 'audit.a1b2c' },
  worker: { replicas: 1, resources: null },
  start: { enabled: false },
  podDisruptionBudget: { enabled: false },
};

/** The manifest in the repository, and what Helm makes of the chart with these values, if there is a Helm. */
const renderings: Record<string, () => string | undefined> = {
  'deploy/kubernetes/trawl.yaml': () => text(plainManifest),
  'deploy/helm with everything': () => renderedBy(everything),
  'deploy/helm for a Temporal server elsewhere': () => renderedBy(elsewhere),
};

function renderedBy(given: object): string | undefined {
  const told = rendered(given);
  if (told) expect(told).toMatchObject({ status: 0, stderr: '' });
  return told?.stdout;
}

describe.each(Object.entries(renderings))('%s', (_, render) => {
  let manifests: Manifest[] | undefined;
  const all = (skip: (note: string) => never) => {
    manifests ??= manifestsIn(render() ?? skip(noHelm));
    return manifests;
  };
  const ofKind = (kind: string): Manifest => manifests!.find((each) => each.kind === kind);
  const pods = (): Manifest[] => manifests!.flatMap(({ spec }) => spec?.template ?? []);

  it('has the form that the schemas require', ({ skip }) => {
    for (const each of all(skip)) validate(each);
  });

  it('names existing settings', ({ skip }) => {
    all(skip);
    expect(Object.keys(ofKind('ConfigMap').data).filter((name) => !isSetting(name))).toEqual([]);
  });

  it('refers only to its own objects', ({ skip }) => {
    for (const { metadata } of all(skip)) expect(metadata.namespace ?? metadata.name).toBe('trawl');
    for (const { spec } of pods()) {
      const volumes = new Set(spec.volumes.map(({ name }: Manifest) => name));
      for (const { volumeMounts, envFrom, ports } of spec.containers) {
        for (const { name } of volumeMounts) expect(volumes).toContain(name);
        for (const { configMapRef } of envFrom) expect(configMapRef.name).toBe(ofKind('ConfigMap').metadata.name);
        for (const { containerPort } of ports ?? [])
          expect(ofKind('ConfigMap').data.TRAWL_LISTEN).toBe(`0.0.0.0:${containerPort}`);
      }
      expect(spec.serviceAccountName).toBe(ofKind('ServiceAccount').metadata.name);
    }
    const { matchLabels } = ofKind('Deployment').spec.selector;
    const { metadata, spec } = ofKind('Service');
    expect(ofKind('Deployment').spec.template.metadata.labels).toEqual(matchLabels);
    expect([spec.selector, metadata.labels]).toEqual([matchLabels, matchLabels]);
    for (const kind of ['PodDisruptionBudget', 'ServiceMonitor'])
      if (ofKind(kind)) expect(ofKind(kind).spec.selector).toEqual({ matchLabels });
  });

  it('gives each pod no rights, no token, no writable image, no variables of Services, and secrets as files', ({
    skip,
  }) => {
    all(skip);
    expect(pods().length).toBe(ofKind('Job') ? 2 : 1);
    expect(manifests!.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const { spec } of pods()) {
      expect(spec).toMatchObject({
        enableServiceLinks: false,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      const secrets = spec.volumes.find(({ name }: Manifest) => name === 'secrets').projected;
      // Read by its group only. YAML 1.1, which Kubernetes reads, takes it as octal.
      expect(secrets.defaultMode).toBe(440);
      expect(secrets.sources.length).toBeGreaterThan(0);
      for (const source of secrets.sources) expect(Object.keys(source)).toEqual(['secret']);
      for (const { securityContext, volumeMounts, env = [] } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(volumeMounts).toContainEqual({ name: 'secrets', mountPath: '/run/secrets/trawl', readOnly: true });
        expect(env.map(({ name }: Manifest) => name).filter((name: string) => name !== 'NODE_OPTIONS')).toEqual([]);
      }
    }
  });

  it('closes the network to each pod but for what its settings name', ({ skip }) => {
    all(skip);
    const { podSelector, policyTypes, ingress, egress } = ofKind('NetworkPolicy').spec;
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    for (const { metadata } of pods()) expect(metadata.labels).toMatchObject(podSelector.matchLabels);
    const ports = (rules: Manifest[]) => rules.flatMap((rule) => rule.ports.map(({ port }: Manifest) => port));
    expect(ports(ingress)).toEqual(['health']);
    const [, host, port] = /^(.*):(\d+)$/.exec(ofKind('ConfigMap').data.TEMPORAL_ADDRESS)!;
    const [, namespace] = /^[\w-]+\.([\w-]+)\.svc$/.exec(host!) ?? [];
    const [toTemporal, ...more] = egress.filter((rule: Manifest) => ports([rule]).includes(Number(port)));
    expect(more).toEqual([]);
    if (namespace)
      expect(toTemporal.to).toEqual([
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      ]);
    // DNS, Temporal, HTTPS, PostgreSQL.
    expect(new Set(ports(egress))).toEqual(new Set([53, Number(port), 443, 5432]));
    for (const rule of [...ingress, ...egress]) expect(rule).toHaveProperty('ports');
    const open = egress.flatMap(({ to }: Manifest) => to).filter(({ ipBlock }: Manifest) => /\/0$/.test(ipBlock?.cidr));
    expect(open.map(({ ipBlock }: Manifest) => ipBlock.except)).toEqual([
      ['169.254.0.0/16', '168.63.129.16/32'],
      ['fd00:ec2::254/128', 'fe80::/10'],
    ]);
  });

  it('is scraped once, by annotations or by a ServiceMonitor', ({ skip }) => {
    all(skip);
    const scraped = 'prometheus.io/scrape' in ofKind('Deployment').spec.template.metadata.annotations;
    expect(scraped).toBe(ofKind('ServiceMonitor') === undefined);
  });
});

it('a schema refuses a member that is wrong', () => {
  const monitor = { apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: { name: 'a' } };
  expect(() => validate({ ...monitor, spec: { selector: {}, endpoints: [{ ports: 'health' }] } })).toThrow('ports');
  const deployment = manifestsIn(text(plainManifest)).find(({ kind }) => kind === 'Deployment');
  deployment.spec.replicas = 'two';
  expect(() => new Deployment(deployment).validate()).toThrow('replicas');
});

describe('deploy/kubernetes', () => {
  it('is made from the chart as it is now, and unchanged: otherwise run `npm run manifests`', () => {
    const made = text(plainManifest);
    const objects = made.slice(made.indexOf('---\n'));
    expect(made.slice(0, -objects.length)).toBe(headOfManifest(objects));
  });

  it('is what Helm makes of the chart', ({ skip }) => {
    expect(manifestsIn(text(plainManifest))).toEqual(manifestsIn(makePlainManifest() ?? skip(noHelm)));
  });
});

describe('the chart', () => {
  it('has the version of the package', () => {
    const { version } = JSON.parse(text(join(root, 'package.json')));
    expect(parse(text(join(chart, 'Chart.yaml')))).toMatchObject({ version, appVersion: version });
  });

  it('passes helm lint', ({ skip }) => {
    const told = helm(['lint', '--strict', chart, '--values', join(charts, 'example-values.yaml')]) ?? skip(noHelm);
    expect(told).toMatchObject({ status: 0, stdout: expect.stringContaining('0 chart(s) failed') });
  });

  /** What the schema says about the default values with others in their place, as Helm merges them. */
  const accepted = (given: Manifest) => {
    const merged = structuredClone(values);
    for (const [name, value] of Object.entries<Manifest>(given))
      merged[name] = Array.isArray(value) || typeof value !== 'object' ? value : { ...merged[name], ...value };
    return valid(merged);
  };

  it('accepts its own values, the example and those above', () => {
    for (const given of [{}, example, everything, { ...elsewhere, worker: { replicas: 1 } }])
      expect(accepted(given), JSON.stringify(valid.errors)).toBe(true);
  });

  it('takes the values of docs/containers.md', ({ skip }) => {
    const given = parse(blockThatBegins('docs/containers.md', '# values.yaml'));
    expect(accepted(given), JSON.stringify(valid.errors)).toBe(true);
    for (const each of manifestsIn(renderedBy(given) ?? skip(noHelm))) validate(each);
  });

  it.each<[string, object]>([
    ['an unknown value', { replicas: 3 }],
    ['an unknown value within another', { worker: { replica: 3 } }],
    ['a number that Helm would write as 1e+06', { config: { SEARCH_COUNT: 1_000_000 } }],
    ['a store in a folder that ends with the pod', { config: { TRAWL_STORE: 'sqlite:data/trawl.db' } }],
    ['a store with its password', { config: { TRAWL_STORE: 'postgres://trawl:secret@db.example/trawl' } }],
    ['a proxy with its password', { config: { HTTPS_PROXY: 'http://user:secret@proxy.example:3128' } }],
    ['an address that the network policy does not know', { config: { TEMPORAL_ADDRESS: 'temporal.example:7233' } }],
    ['an address without a port', { temporal: { address: 'temporal.example' } }],
    ['a digest that is a tag', { image: { digest: 'latest' } }],
    ['no secrets', { secrets: [] }],
    ['a rule that opens everything', { networkPolicy: { egress: [{}] } }],
    ['a rule that opens every port', { networkPolicy: { egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] } }],
  ])('refuses %s', (_, given) => {
    expect(accepted(given)).toBe(false);
  });

  it('refuses each secret setting as a value, and takes the file that holds it', () => {
    const secret = [
      ...sources.flatMap(({ settings }) => settings.filter((one) => one.secret === true).map(({ env }) => env)),
      ...sinks.flatMap(({ settings }) =>
        settings.filter((one) => one.secret === true).map(({ env }) => `SINK_SIEM_${env}`),
      ),
      // Those of the process that can come from a file do so because they are, or may hold, a secret.
      ...processSettingDefinitions.flatMap(({ env }) => /^(.*)_FILE$/.exec(env)?.[1] ?? []),
    ].filter((env) => env !== 'TRAWL_STORE');
    expect(secret.length).toBeGreaterThan(10);
    for (const env of secret) {
      expect(accepted({ config: { [env]: 'x' } }), env).toBe(false);
      expect(accepted({ config: { [`${env}_FILE`]: '/run/secrets/trawl/x' } }), env).toBe(true);
    }
    for (const env of ['PGPASSWORD', 'TEMPORAL_API_KEY', 'TEMPORAL_TLS_CLIENT_KEY_DATA', 'AWS_SECRET_ACCESS_KEY'])
      expect(accepted({ config: { [env]: 'x' } }), env).toBe(false);
  });

  it('refuses by Helm what the schema refuses', ({ skip }) => {
    const told = rendered({ config: { ASA_KEY_SECRET: 'x' }, replicas: 3 }) ?? skip(noHelm);
    expect(told.status).not.toBe(0);
    expect(told.stderr).toContain('ASA_KEY_SECRET');
    expect(told.stderr).toContain('replicas');
  });

  it('makes other pods for other settings', ({ skip }) => {
    const checksums = ['acme', 'other'].map((team) => {
      const { stdout } = rendered({ config: { ASA_TEAM: team } }) ?? skip(noHelm);
      return manifestsIn(stdout).find(({ kind }) => kind === 'Deployment').spec.template.metadata.annotations;
    });
    expect(checksums[0]['checksum/config']).not.toBe(checksums[1]['checksum/config']);
  });

  it('opens the way to Temporal by any form of its address', ({ skip }) => {
    const toTemporal = (address: string) => {
      const { stdout } = rendered({ temporal: { address } }) ?? skip(noHelm);
      const { egress } = manifestsIn(stdout).find(({ kind }) => kind === 'NetworkPolicy').spec;
      return egress.find(({ ports }: Manifest) => ports.some(({ port }: Manifest) => port === 7233)).to[0];
    };
    const inside = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'flows' } } };
    expect(toTemporal('frontend.flows.svc.cluster.local:7233')).toEqual(inside);
    for (const address of ['temporal.example:7233', 'frontend.flows:7233', 'a.b.svcs.example:7233', '10.0.0.7:7233'])
      expect(toTemporal(address).ipBlock.cidr, address).toBe('0.0.0.0/0');
  });

  it('names its release in each object, so that two of them fit into a namespace', ({ skip }) => {
    const { stdout } = helm(['template', 'second', chart]) ?? skip(noHelm);
    for (const { metadata, spec } of manifestsIn(stdout)) {
      expect(metadata.name).toMatch(/^second(-|$)/);
      const labels = spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels ?? spec?.selector;
      if (labels) expect(labels['app.kubernetes.io/name']).toBe('second');
    }
  });
});
