import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { durationMs, type Service } from './compose.js';
import { Container } from './container.js';
import type { Image } from './image.js';
import { type Mount, mountRoot } from './root.js';
import { network, Sandbox } from './sandbox.js';
import { readEnvFile } from './variables.js';

/** The users that the images' Dockerfiles make. */
const users: Record<string, { uid: number; home: string }> = {
  temporal: { uid: 1000, home: '/home/temporal' },
  node: { uid: 1000, home: '/home/node' },
  postgres: { uid: 999, home: '/var/lib/postgresql' },
};

/** The containers of a compose file, as `docker compose up` and `down` handle them. */
export class Project {
  readonly containers = new Map<string, Container>();
  private readonly sandboxes: Sandbox[] = [];
  private readonly addresses: Map<string, string>;

  /**
   * @param folder holds .env, the volumes, the logs and the roots
   * @param scale how many containers may run of a service, if not one
   */
  constructor(
    private readonly folder: string,
    private readonly services: ReadonlyMap<string, Service>,
    private readonly images: Readonly<Record<string, Image>>,
    scale: Readonly<Record<string, number>>,
  ) {
    const names = [...services.keys()].flatMap((name) =>
      Array.from({ length: scale[name] ?? 1 }, (_, index) => `${name}-${index + 1}`),
    );
    this.addresses = new Map(names.map((name, index) => [name, network.address(index)]));
  }

  addressOf(service: string): string {
    return this.addresses.get(`${service}-1`)!;
  }

  /** Starts each service once what it depends on is as it asks. */
  async up(): Promise<void> {
    const starts = new Map<string, Promise<void>>();
    for (const [name, service] of this.services) {
      const needed = Object.entries(service.depends_on).map(async ([other, { condition }]) => {
        await starts.get(other);
        await this.containers.get(`${other}-1`)!.reaches(condition);
      });
      const start = Promise.all(needed).then(async () => {
        await this.start(name, 1);
      });
      start.catch(() => undefined);
      starts.set(name, start);
    }
    await Promise.all(starts.values());
  }

  /** Starts one more container of a service. */
  async start(service: string, number: number): Promise<Container> {
    const name = `${service}-${number}`;
    const container = await this.create(name, this.services.get(service)!);
    this.containers.set(name, container);
    container.start();
    return container;
  }

  /** Stops all, those first that others do not depend on. @returns what ended each */
  async down(): Promise<[name: string, end: string][]> {
    const ends: [string, string][] = [];
    for (const service of [...this.services.keys()].reverse())
      for (const [name, container] of this.containers)
        if (name.replace(/-\d+$/, '') === service) ends.push([name, await container.stop()]);
    for (const sandbox of this.sandboxes.splice(0)) await sandbox.remove();
    this.containers.clear();
    return ends;
  }

  private async create(name: string, service: Service): Promise<Container> {
    const image = this.images[service.image]!;
    const id = randomBytes(6).toString('hex');
    const user = { name: image.user, ...users[image.user]! };
    const address = this.addresses.get(name)!;
    const rootFolder = join(this.folder, 'roots', `${name}-${id}`);
    for (const path of ['logs', join('roots', `${name}-${id}`)])
      mkdirSync(join(this.folder, path), { recursive: true });
    mountRoot({
      folder: rootFolder,
      user,
      hosts: this.hosts(address, id),
      folders: [image.workingFolder],
      mounts: [...filesOf(image), ...this.volumesOf(name, service, image)],
      links: image.links,
      tmpfs: service.tmpfs,
      readOnly: service.read_only,
    });
    const { uid } = user;
    const { workingFolder } = image;
    const sandbox = await Sandbox.make({ hostname: id, address, root: rootFolder, uid, workingFolder });
    this.sandboxes.push(sandbox);
    return new Container({
      name,
      sandbox,
      command: commandOf(service, image),
      env: { HOSTNAME: id, HOME: user.home, ...image.environment, ...this.envFilesOf(service), ...service.environment },
      restart: service.restart,
      healthcheck: service.healthcheck ?? image.healthcheck,
      stopSignal: image.stopSignal,
      stopGraceMs: durationMs(service.stop_grace_period),
      logFile: join(this.folder, 'logs', `${name}.log`),
    });
  }

  private hosts(own: string, id: string): string {
    const others = [...this.addresses].map(([name, address]) => `${address} ${name.replace(/-\d+$/, '')} ${name}\n`);
    return `127.0.0.1 localhost\n::1 localhost\n${own} ${id}\n${others.join('')}`;
  }

  private volumesOf(name: string, service: Service, image: Image): Mount[] {
    const made = (volume: string) => {
      const path = join(this.folder, 'volumes', volume);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    };
    const written = service.volumes.map((each) => {
      const [from = '', to = '', mode] = each.split(':');
      return { from: from.startsWith('.') ? join(root, from) : made(from), to, readOnly: mode === 'ro' };
    });
    const unnamed = image.volumes
      .filter((path) => !written.some(({ to }) => to === path))
      .map((to) => ({ from: made(`${name}${to.replaceAll('/', '-')}`), to, readOnly: false }));
    return [...written, ...unnamed];
  }

  private envFilesOf({ env_file }: Service): Record<string, string> {
    return Object.assign({}, ...env_file.map(({ path }) => readEnvFile(readFileSync(join(this.folder, path), 'utf8'))));
  }
}

const filesOf = ({ files }: Image): Mount[] =>
  Object.entries(files).map(([to, from]) => ({ from, to, readOnly: true }));

/** An entrypoint of the service takes away the image's command too. */
export function commandOf(
  { entrypoint, command }: Pick<Service, 'entrypoint' | 'command'>,
  image: Pick<Image, 'entrypoint' | 'command'>,
): string[] {
  return [...(entrypoint ?? image.entrypoint), ...(command ?? (entrypoint ? [] : image.command))];
}
