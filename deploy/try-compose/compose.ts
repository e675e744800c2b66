import { parse } from 'yaml';
import { z } from 'zod';
import { interpolate, type Variables } from './variables.js';

const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

const healthShape = z.strictObject({
  test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()),
  interval: z.string().default('30s'),
  timeout: z.string().default('30s'),
  start_period: z.string().default('0s'),
  retries: z.int().default(3),
});

/** A key that is not here is refused: what nothing carries out must not look as if it had been tried. */
const serviceShape = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  profiles: z.array(z.string()).default([]),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  env_file: z.array(z.strictObject({ path: z.string(), required: z.boolean() })).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.enum(conditions) })).default({}),
  healthcheck: healthShape.optional(),
  restart: z.string().regex(/^(unless-stopped|on-failure:\d+)$/),
  stop_grace_period: z.string().default('10s'),
  // These have no meaning here: no process is the first of its container, none gets a right of the machine, and the
  // ports are reached inside.
  init: z.literal(true).optional(),
  cap_drop: z.tuple([z.literal('ALL')]).optional(),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]).optional(),
  ports: z.array(z.string()).optional(),
});

export type Service = z.infer<typeof serviceShape>;
export type Health = z.infer<typeof healthShape>;

const fileShape = z.strictObject({
  services: z.record(z.string(), serviceShape),
  volumes: z.record(z.string(), z.null()),
});

/** The services that `docker compose up` starts without a profile, each after those that it depends on. */
export function readCompose(text: string, variables: Variables): Map<string, Service> {
  const entries = Object.entries(parse(text, { merge: true })).filter(([key]) => !key.startsWith('x-'));
  const { services } = fileShape.parse(interpolate(Object.fromEntries(entries), variables));
  const started = Object.entries(services).filter(([, { profiles }]) => profiles.length === 0);
  return inOrder(Object.fromEntries(started));
}

/** Sorts services by what they depend on. */
export function inOrder<S extends Pick<Service, 'depends_on'>>(services: Readonly<Record<string, S>>): Map<string, S> {
  const ordered = new Map<string, S>();
  const visit = (name: string, way: readonly string[]): void => {
    const service = services[name];
    if (!service) throw new Error(`${way.at(-1)} depends on ${name}, which is not started`);
    if (way.includes(name)) throw new Error(`services depend on each other: ${[...way, name].join(' → ')}`);
    if (ordered.has(name)) return;
    for (const needed of Object.keys(service.depends_on)) visit(needed, [...way, name]);
    ordered.set(name, service);
  };
  for (const name of Object.keys(services)) visit(name, []);
  return ordered;
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration such as `1m30s`. */
export function durationMs(text: string): number {
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) throw new Error(`unknown duration ${text}`);
  const parts = text.matchAll(/(\d+)(ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!, 0);
}
