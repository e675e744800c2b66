import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import { readProcessSettings } from '../../src/cli/process-settings.js';
import { dynamicConfig } from '../../src/temporal/dynamic-config.js';
import { isSetting } from '../support/deployed-settings.js';
import { copied, stages } from '../support/dockerfile.js';
import { nodeVersions } from '../support/node-versions.js';
import { systemdAnalyze } from '../support/systemd.js';

// biome-ignore lint/suspicious/noExplicitAny: the file may contain anything; the test checks it by a schema.
type Manifest = any;

const text = (path: string) => readFileSync(join(root, path), 'utf8');

describe('Dockerfile', () => {
  const [build, image] = stages();

  it('copies existing files that .dockerignore lets through', () => {
    const [all, ...kept] = text('.dockerignore').trim().split('\n');
    expect(all).toBe('*');
    const paths = build!.filter(({ name }) => name === 'COPY').flatMap((each) => copied(each).from);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(paths.filter((path) => !kept.includes(`!${path.split('/')[0]}`))).toEqual([]);
    expect(kept.filter((line) => !paths.some((path) => `!${path.split('/')[0]}` === line))).toEqual([]);
  });

  it('has the newest Node.js that the tests run on', () => {
    const [major] = nodeVersions.newest.split('.');
    for (const stage of [build, image]) expect(stage![0]!.rest).toMatch(new RegExp(`^node:${major}-`));
  });

  it('copies from the first stage what the second one calls', () => {
    expect(image!.find(({ name }) => name === 'COPY')!.rest).toBe('--from=build /opt/trawl /opt/trawl');
    expect(build!.at(-1)!.rest).toContain('-C /opt/trawl');
    expect(image!.find(({ rest }) => rest.startsWith('ln '))!.rest).toBe(
      'ln -s /opt/trawl/bin/trawl /usr/local/bin/trawl',
    );
    expect(image!.find(({ name }) => name === 'ENTRYPOINT')!.rest).toBe('["trawl"]');
  });
});

/** The folders and files of the repository that a service mounts. */
function mountsOf(volumes: string[] = []): { from: string; to: string }[] {
  const paths = volumes.filter((each) => each.startsWith('.')).map((each) => each.split(':'));
  return paths.map(([from, to]) => ({ from: from!, to: to! }));
}

describe('docker-compose.yml', () => {
  const compose: Manifest = parse(text('docker-compose.yml'), { merge: true });

  it('names existing settings and services', () => {
    for (const [name, service] of Object.entries<Manifest>(compose.services)) {
      const given = Object.entries(service.environment ?? {}).filter(([, value]) => value !== '');
      if (service.build) expect(given.filter(([each]) => !isSetting(each))).toEqual([]);
      for (const needed of Object.keys(service.depends_on ?? {}))
        expect(Object.keys(compose.services), name).toContain(needed);
    }
  });

  const passwords = ['STORE_PASSWORD', 'TEMPORAL_DB_PASSWORD'];

  it('has no password of its own, and says which one is missing and where it goes', () => {
    const asked = new Set<string>();
    for (const { environment = {} } of Object.values<Manifest>(compose.services))
      for (const [name, value] of Object.entries<string>(environment)) {
        if (!/PASSWORD|PWD|SECRET|TOKEN/.test(name) || value === '') continue;
        const [, variable, message] = /^\$\{(\w+):\?(.*)\}$/.exec(value) ?? [];
        expect({ name, message }).toEqual({ name, message: 'set it in .env; docs/containers.md says how' });
        asked.add(variable!);
      }
    expect([...asked].sort()).toEqual(passwords);
    for (const variable of asked) expect(text('docs/containers.md')).toContain(`${variable}=`);
    // With its default user, Grafana would have admin/admin.
    expect(compose.services.grafana.environment).toMatchObject({
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
      GF_AUTH_BASIC_ENABLED: 'false',
    });
  });

  it('gives Trawl only its own password, and leaves a .env that Trawl accepts outside of containers too', () => {
    const file = Object.fromEntries(passwords.map((name) => [name, `of ${name}`]));
    expect(() => readProcessSettings('/nowhere', file)).not.toThrow();
    for (const { build, environment } of Object.values<Manifest>(compose.services)) {
      if (!build) continue;
      const PGPASSWORD = environment.PGPASSWORD.replace(/^\$\{(\w+):.*$/, (_: string, name: string) => file[name]);
      // A container has the file, and what its own environment says instead.
      const { env } = readProcessSettings('/nowhere', { ...file, ...environment, PGPASSWORD });
      expect(env.PGPASSWORD).toBe('of STORE_PASSWORD');
      expect(Object.values(env)).not.toContain('of TEMPORAL_DB_PASSWORD');
    }
  });

  it('publishes ports only to this machine, and gives Trawl no rights', () => {
    const services = Object.values<Manifest>(compose.services);
    const ports: string[] = services.flatMap((service) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    for (const service of services.filter(({ build }) => build))
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
  });

  it('checks health by an address, over the network, where other services will ask', () => {
    const services = Object.entries<Manifest>(compose.services).filter(([, { healthcheck }]) => healthcheck);
    expect(services.map(([name]) => name)).toEqual(['store', 'postgresql', 'temporal']);
    for (const [name, { healthcheck }] of services) expect(healthcheck.test, name).toContain('127.0.0.1');
  });

  it('mounts only what the repository has', () => {
    const mounted = Object.values<Manifest>(compose.services).flatMap(({ volumes }) => mountsOf(volumes));
    expect(mounted.length).toBeGreaterThan(0);
    expect(mounted.filter(({ from }) => !existsSync(join(root, from)))).toEqual([]);
  });

  it('gives the Temporal server a file with the settings that the embedded one gets', () => {
    const { environment, volumes } = compose.services.temporal;
    const path: string = environment.DYNAMIC_CONFIG_FILE_PATH;
    const mount = mountsOf(volumes).find(({ to }) => path.startsWith(`${to}/`))!;
    const file: Record<string, unknown> = parse(text(join(mount.from, path.slice(mount.to.length + 1))));
    const expected = Object.entries(dynamicConfig).map(([name, value]) => [name, [{ value, constraints: {} }]]);
    expect(file).toEqual(Object.fromEntries(expected));
  });

  it('lets the workers be scaled: none has a port, a name or a volume of its own', () => {
    const { worker } = compose.services;
    expect(worker).not.toHaveProperty('ports');
    expect(worker).not.toHaveProperty('container_name');
    expect(worker).not.toHaveProperty('volumes');
    expect(worker.environment.TRAWL_STORE).toMatch(/^postgres:/);
  });
});

describe('deploy/systemd', () => {
  /** The unit in a folder of its own, which systemd requires to be named as itself. */
  function unit(): string {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'trawl.service');
    // On a machine that runs the tests, Trawl is not in /opt.
    writeFileSync(path, text('deploy/systemd/trawl.service').replace('/opt/trawl/bin/trawl', process.execPath));
    return path;
  }
  const absent = 'there is no systemd-analyze, and no apt-get to fetch it with';

  it('has a unit that systemd accepts', ({ skip }) => {
    const { status, said } = systemdAnalyze(['verify', unit()]) ?? skip(absent);
    const lines = said.split('\n').filter((line) => line.includes('trawl.service'));
    expect({ status, lines }).toEqual({ status: 0, lines: [] });
  });

  it('exposes the machine to it as little as V8 and a network allow: below 2 of 10', ({ skip }) => {
    const { status, said } =
      systemdAnalyze(['security', '--offline=true', '--threshold=19', '--no-pager', unit()]) ?? skip(absent);
    expect({ status, said }).toEqual({
      status: 0,
      said: expect.stringMatching(/exposure level for trawl\.service: [01]\./),
    });
    expect(text('deploy/systemd/trawl.service')).not.toMatch(/^(MemoryDenyWriteExecute|ProcSubset)=/m);
  });
});
