import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import { processSettingDefinitions } from '../../src/cli/process-settings.js';
import { sinks } from '../../src/sinks/registry.js';
import { sources } from '../../src/sources/registry.js';
import { blockThatBegins } from '../support/doc-blocks.js';
import { chart, charts, helm, noHelm, rendered } from '../support/helm.js';
import {
  elsewhere,
  everything,
  example,
  type Manifest,
  manifestsIn,
  renderedBy,
  valid,
  validate,
  values,
} from '../support/kubernetes.js';

const text = (path: string) => readFileSync(path, 'utf8');

describe('the chart', () => {
  it('has the version of the package', () => {
    const { version } = JSON.parse(text(join(root, 'package.json')));
    expect(parse(text(join(chart, 'Chart.yaml')))).toMatchObject({ version, appVersion: version });
  });

  it('passes helm lint', ({ skip }) => {
    const told = helm(['lint', '--strict', chart, '--values', join(charts, 'example-values.yaml')]) ?? skip(noHelm);
    expect(told).toMatchObject({ status: 0, stdout: expect.stringContaining('0 chart(s) failed') });
  });

  /** Merges values over the chart's own, as Helm does. */
  const mergedOver = (own: Manifest, given: Manifest): Manifest =>
    [own, given].every((each) => each?.constructor === Object)
      ? {
          ...own,
          ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, mergedOver(own[name], value)])),
        }
      : given;

  /** The verdict of the schema on these values; Helm leaves out what is null. */
  const accepted = (given: Manifest) =>
    valid(JSON.parse(JSON.stringify(mergedOver(values, given), (_, value) => value ?? undefined)));

  it('accepts its own values, the example and those above', () => {
    for (const given of [{}, example, everything, elsewhere])
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
    ['no settings, so that the store would end with its pod', { config: null }],
    ['no store', { config: { TRAWL_STORE_FILE: null } }],
    ['a network policy that is neither on nor off', { networkPolicy: { enabled: null } }],
    ['no network policy', { networkPolicy: null }],
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

  it('accepts every other setting, and as text only', () => {
    const secret = (one: { secret?: unknown }) => one.secret === true;
    const others = [
      ...sources.flatMap(({ settings }) => settings.filter((one) => !secret(one)).map(({ env }) => env)),
      ...sinks.flatMap(({ settings }) => settings.filter((one) => !secret(one)).map(({ env }) => `SINK_SIEM_${env}`)),
      ...['HTTPS_PROXY', 'NODE_EXTRA_CA_CERTS', 'PGSSLMODE', 'AWS_REGION', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
    ];
    for (const env of others) {
      expect(accepted({ config: { [env]: 'x' } }), env).toBe(true);
      expect(accepted({ config: { [env]: 1 } }), env).toBe(false);
    }
  });

  it('says by Helm what is wrong and what to do', ({ skip }) => {
    const config = {
      ...{ ASA_KEY_SECRET: 'x', NODE_OPTIONS: 'x', SEARCH_COUNT: 1, TRAWL_STORE: 'sqlite:x' },
      HTTPS_PROXY: 'http://user:secret@proxy.example:3128',
    };
    const { status, stderr } = rendered({ config, replicas: 3 }) ?? skip(noHelm);
    expect(status).not.toBe(0);
    for (const said of [
      /'\/config\/ASA_KEY_SECRET': .*not here: put it into a Secret, and name its file in the variable that ends in _FILE/,
      /'\/config\/NODE_OPTIONS': .*not here: worker.heapMb sets it/,
      /'\/config\/SEARCH_COUNT': got number, want string/,
      /'\/config\/TRAWL_STORE': 'sqlite:x' does not match pattern '\^postgres/,
      /'\/config\/HTTPS_PROXY': .*not with its password/,
      /additional properties 'replicas' not allowed/,
    ])
      expect(stderr).toMatch(said);
    expect(stderr).not.toContain('user:secret');
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
