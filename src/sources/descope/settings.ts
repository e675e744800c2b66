import { z } from 'zod';
import type { Secret } from '../../secret.js';
import {
  baseUrlSchema,
  type CollectorSettings,
  plainText,
  type SettingDefinition,
  searchCountSetting,
} from '../../settings/definition.js';

const devices = ['Bot', 'Mobile', 'Desktop', 'Tablet', 'Unknown'];
const methods = ['otp', 'totp', 'magiclink', 'oauth', 'saml', 'password'];

/** What a Descope collector is told. A filter that is not set, or empty, filters nothing. */
export const descopeSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'descopeProjectId',
    env: 'DESCOPE_PROJECT_ID',
    meaning: 'Id of the Descope project',
    expected: 'the id as the console shows it, for example P2abc…',
    guarded: true,
    schema: plainText().regex(/^[^\s:]+$/),
  },
  {
    key: 'descopeManagementKey',
    env: 'DESCOPE_MANAGEMENT_KEY',
    meaning: 'Management key of the company or project',
    expected: 'the key shown once when it was made',
    secret: true,
    schema: plainText(4096),
  },
  {
    key: 'descopeBaseUrl',
    env: 'DESCOPE_BASE_URL',
    meaning: 'Where the API is',
    expected: 'an http or https URL without a query',
    default: 'https://api.descope.com',
    guarded: true,
    schema: baseUrlSchema,
  },
  {
    key: 'descopeOverlapMinutes',
    env: 'DESCOPE_OVERLAP_MINUTES',
    meaning: 'How far a window reaches back into the one before, so that events which appear late are found; minutes',
    expected: 'a whole number from 1 to 1440',
    default: '15',
    schema: z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number)
      .refine((minutes) => minutes >= 1 && minutes <= 1440),
  },
  filter('Actions', 'ACTIONS', 'Only these actions', 'actions'),
  filter('ExcludedActions', 'EXCLUDED_ACTIONS', 'All but these actions', 'actions'),
  filter('Tenants', 'TENANTS', 'Only these tenants', 'ids of tenants'),
  {
    key: 'descopeNoTenants',
    env: 'DESCOPE_NO_TENANTS',
    meaning: 'Beside descopeTenants: events without a tenant too. Alone it filters nothing',
    expected: 'true or false',
    default: 'false',
    schema: z.enum(['true', 'false']),
  },
  filter('UserIds', 'USER_IDS', 'Only events about these users', 'ids of users'),
  filter('ActorIds', 'ACTOR_IDS', 'Only events of these actors', 'ids of actors'),
  filter('Devices', 'DEVICES', 'Only these kinds of device', devices.join(', '), (item) => devices.includes(item)),
  filter('Methods', 'METHODS', 'Only these ways to sign in', methods.join(', '), (item) => methods.includes(item)),
  filter('Geos', 'GEOS', 'Only these countries', 'codes of two capital letters', (item) => /^[A-Z]{2}$/.test(item)),
  filter('RemoteAddresses', 'REMOTE_ADDRESSES', 'Only these IP addresses', 'addresses'),
  filter('ExternalIds', 'EXTERNAL_IDS', 'Only users with these login ids', 'login ids'),
  {
    key: 'descopeText',
    env: 'DESCOPE_TEXT',
    meaning: 'Only events that hold this text',
    expected: 'a text of up to 500 characters',
    optional: true,
    schema: z.union([z.literal(''), plainText(500)]),
  },
  searchCountSetting(1000),
];

/** A list with commas; white space around an item does not count. */
function filter(
  name: string,
  variable: string,
  meaning: string,
  items: string,
  fits: (item: string) => boolean = (item) => /^[^\u0000-\u001f\u007f]{1,200}$/.test(item),
): SettingDefinition {
  return {
    key: `descope${name}`,
    env: `DESCOPE_${variable}`,
    meaning: `${meaning}; empty: all`,
    expected: `a list, separated by commas, of ${items}`,
    optional: true,
    schema: z.string().refine((text) => text.trim() === '' || listOf(text).every(fits)),
  };
}

function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

export interface DescopeSettings {
  projectId: string;
  managementKey: Secret;
  baseUrl: string;
  overlapMs: number;
  searchCount: number;
  /** Members of the request that filter; those that are not set are absent. */
  filters: Readonly<Record<string, string | boolean | string[]>>;
}

export function descopeSettings({ values }: CollectorSettings): DescopeSettings {
  const filters: Record<string, string | boolean | string[]> = {};
  const lists = {
    actions: 'Actions',
    excludedActions: 'ExcludedActions',
    tenants: 'Tenants',
    userIds: 'UserIds',
    actorIds: 'ActorIds',
    devices: 'Devices',
    methods: 'Methods',
    geos: 'Geos',
    remoteAddresses: 'RemoteAddresses',
    externalIds: 'ExternalIds',
  };
  for (const [member, name] of Object.entries(lists)) {
    const text = values[`descope${name}`] as string | undefined;
    if (text?.trim()) filters[member] = listOf(text);
  }
  if (values.descopeNoTenants === 'true') filters.noTenants = true;
  if (values.descopeText) filters.text = values.descopeText as string;
  return {
    projectId: values.descopeProjectId as string,
    managementKey: values.descopeManagementKey as Secret,
    baseUrl: values.descopeBaseUrl as string,
    overlapMs: (values.descopeOverlapMinutes as number) * 60_000,
    searchCount: values.searchCount as number,
    filters,
  };
}
