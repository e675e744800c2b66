import { readFileSync } from 'node:fs';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { describe, expect, it } from 'vitest';
import { isSetting } from '../support/deployed-settings.js';
import { headOfManifest, makePlainManifest, noHelm, plainManifest } from '../support/helm.js';
import { elsewhere, everything, type Manifest, manifestsIn, renderedBy, validate } from '../support/kubernetes.js';

const text = (path: string) => readFileSync(path, 'utf8');

/** The manifest in the repository, and what Helm makes of the chart with these values, if there is a Helm. */
const renderings: Record<string, () => string | undefined> = {
  'deploy/kubernetes/trawl.yaml': () => text(plainManifest),
  'deploy/helm with everything': () => renderedBy(everything),
  'deploy/helm for a Temporal server elsewhere': () => renderedBy(elsewhere),
};

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
