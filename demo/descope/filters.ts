import { z } from 'zod';
import type { DemoEvent } from './events.js';

const texts = z.array(z.string()).optional();

const filterShape = {
  userIds: texts,
  actions: texts,
  excludedActions: texts,
  actorIds: texts,
  devices: z.array(z.enum(['Bot', 'Mobile', 'Desktop', 'Tablet', 'Unknown'])).optional(),
  methods: z.array(z.enum(['otp', 'totp', 'magiclink', 'oauth', 'saml', 'password'])).optional(),
  geos: texts,
  remoteAddresses: texts,
  externalIds: texts,
  tenants: texts,
  noTenants: z.boolean().optional(),
  text: z.string().optional(),
};

const milliseconds = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  z.int().min(0),
]);

/** The body of a search. Unknown members are ignored, as a server of another version would do. */
export const searchSchema = z.object({
  ...filterShape,
  from: milliseconds.optional(),
  to: milliseconds.optional(),
  batchSize: z.int().min(0).optional(),
  size: z.int().min(0).optional(),
  page: z.int().min(0).optional(),
  oldestFirst: z.boolean().optional(),
});

export type Search = z.infer<typeof searchSchema>;
export type Filters = z.infer<z.ZodObject<typeof filterShape>>;

const listed = {
  userIds: 'userId',
  actions: 'action',
  actorIds: 'actorId',
  devices: 'device',
  methods: 'method',
  geos: 'geo',
  remoteAddresses: 'remoteAddress',
  externalIds: 'externalIds',
} as const;

/** Returns whether an event matches the filters. */
export function fits({ members, text }: DemoEvent, filters: Filters): boolean {
  for (const [filter, member] of Object.entries(listed) as [keyof typeof listed, string][]) {
    if (!overlaps(filters[filter], members[member])) return false;
  }
  if (filters.excludedActions?.includes(String(members.action))) return false;
  const tenants = [members.tenants ?? []].flat();
  const tenantFits = overlaps(filters.tenants, tenants) || (filters.noTenants === true && tenants.length === 0);
  return tenantFits && (!filters.text || text.includes(filters.text));
}

function overlaps(wanted: readonly string[] | undefined, value: unknown): boolean {
  if (!wanted || wanted.length === 0) return true;
  return [value].flat().some((item) => wanted.includes(String(item)));
}
