import type { Instruction } from '../../test/support/dockerfile.js';
import type { Health } from './compose.js';

/** An image's settings, as its Dockerfile has them. */
export interface ImageSettings {
  user: string;
  workingFolder: string;
  environment: Record<string, string>;
  entrypoint: string[];
  command: string[];
  stopSignal: NodeJS.Signals;
  volumes: string[];
  /** Symbolic links, and what they lead to. */
  links: Record<string, string>;
  healthcheck?: Health;
}

/** Stands in for an image. */
export interface Image extends ImageSettings {
  /** Names its parts, with versions. */
  description: string;
  /** Paths in the image, and the files and folders of this machine that are there. */
  files: Record<string, string>;
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The settings that the instructions of the last stage of a Dockerfile make. */
export function settingsOf(instructions: readonly Instruction[]): ImageSettings {
  const all = (name: string) => instructions.filter((each) => each.name === name).map(({ rest }) => rest.trim());
  const last = (name: string) => all(name).at(-1);
  const list = (name: string): string[] => JSON.parse(last(name) ?? '[]');
  const health = last('HEALTHCHECK');
  return {
    user: last('USER') ?? 'root',
    workingFolder: last('WORKDIR') ?? '/',
    environment: { PATH: path, ...Object.fromEntries(all('ENV').flatMap(variablesOf)) },
    entrypoint: list('ENTRYPOINT'),
    command: list('CMD'),
    stopSignal: (last('STOPSIGNAL') ?? 'SIGTERM') as NodeJS.Signals,
    volumes: all('VOLUME'),
    links: Object.fromEntries(
      all('RUN').flatMap((each) => [...each.matchAll(/^ln -s (\S+) (\S+)$/g)].map(([, to, from]) => [from!, to!])),
    ),
    ...(health === undefined ? {} : { healthcheck: healthOf(health) }),
  };
}

function variablesOf(text: string): [string, string][] {
  return text.split(/\s+/).map((each) => {
    const [, name, value] = /^(\w+)=(.*)$/.exec(each)!;
    return [name!, value!];
  });
}

function healthOf(text: string): Health {
  const [, options, command] = /^(.*?)\s*CMD (\[.*\])$/.exec(text)!;
  const option = (name: string, usual: string) => new RegExp(`--${name}=(\\S+)`).exec(options!)?.[1] ?? usual;
  return {
    test: ['CMD', ...(JSON.parse(command!) as string[])] as Health['test'],
    interval: option('interval', '30s'),
    timeout: option('timeout', '30s'),
    start_period: option('start-period', '0s'),
    retries: Number(option('retries', '3')),
  };
}
