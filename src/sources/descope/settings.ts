import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import {
  baseUrlSetting,
  plainText,
  searchCountSetting,
  trueFalseSetting,
  wholeNumberSetting,
} from '../../settings/kinds.js';

const devices = ['Bot', 'Mobile', 'Desktop', 'Tablet', 'Unknown'];
const methods = ['otp', 'totp', 'magiclink', 'oauth', 'saml', 'password'];

/** Settings of a Descope collector. A filter that is empty or not set does not filter. */
export const descopeSettings = defineSettings({
  descopeProjectId: {
    env: 'DESCOPE_PROJECT_ID',
    meaning: 'Id of the Descope project',
    expected: 'the id shown in the console, for example P2abc…',
    guarded: true,
    characters: 'key',
    schema: plainText().regex(/^[^\s:]+$/),
  },
  descopeManagementKey: {
    env: 'DESCOPE_MANAGEMENT_KEY',
    meaning: 'Management key of the company or project',
    expected: 'the key shown once when it was created',
    secret: true,
    characters: 'key',
    schema: plainText(4096),
  },
  descopeBaseUrl: {
    ...baseUrlSetting({ env: 'DESCOPE_BASE_URL', meaning: 'Base URL of the API' }, ['*.descope.com']),
    default: 'https://api.descope.com',
  },
  descopeOverlapMinutes: wholeNumberSetting(
    {
      env: 'DESCOPE_OVERLAP_MINUTES',
      meaning: 'How far a window overlaps the previous one, so that late events are found; minutes',
      throughTemporal: true,
    },
    [1, 1440],
    15,
  ),
  descopeActions: filter('ACTIONS', 'Only these actions', 'actions'),
  descopeExcludedActions: filter('EXCLUDED_ACTIONS', 'All actions except these', 'actions'),
  descopeTenants: filter('TENANTS', 'Only these tenants', 'ids of tenants'),
  descopeNoTenants: trueFalseSetting(
    {
      env: 'DESCOPE_NO_TENANTS',
      meaning: 'Together with descopeTenants: include events without a tenant. No effect on its own',
    },
    'false',
  ),
  descopeUserIds: filter('USER_IDS', 'Only events about these users', 'ids of users'),
  descopeActorIds: filter('ACTOR_IDS', 'Only events of these actors', 'ids of actors'),
  descopeDevices: filter('DEVICES', 'Only these kinds of device', devices.join(', '), (item) => devices.includes(item)),
  descopeMethods: filter('METHODS', 'Only these ways to sign in', methods.join(', '), (item) => methods.includes(item)),
  descopeGeos: filter('GEOS', 'Only these countries', 'two-letter codes in capitals', (item) =>
    /^[A-Z]{2}$/.test(item),
  ),
  descopeRemoteAddresses: filter('REMOTE_ADDRESSES', 'Only these IP addresses', 'addresses'),
  descopeExternalIds: filter('EXTERNAL_IDS', 'Only users with these login ids', 'login ids'),
  descopeText: {
    env: 'DESCOPE_TEXT',
    meaning: 'Only events that contain this text',
    expected: 'a text of up to 500 characters',
    optional: true,
    filter: true,
    characters: 'any',
    schema: z.union([z.literal(''), plainText(500)]),
  },
  searchCount: searchCountSetting(1000),
});

export type DescopeSettings = ValuesOf<typeof descopeSettings>;

/** A comma-separated list; white space around items is ignored. */
function filter(
  variable: string,
  meaning: string,
  items: string,
  fits: (item: string) => boolean = (item) => plainText().safeParse(item).success,
) {
  return {
    env: `DESCOPE_${variable}`,
    meaning: `${meaning}; empty: all`,
    expected: `a comma-separated list of ${items}`,
    optional: true,
    filter: true,
    characters: 'any',
    schema: z
      .string()
      .transform((text) => (text.trim() === '' ? [] : text.split(',').map((item) => item.trim())))
      .refine((list) => list.every(fits)),
  } as const;
}

/** Filter members of the request, without those that are not set. */
export function filtersOf(settings: DescopeSettings): Readonly<Record<string, unknown>> {
  const filters = {
    actions: settings.descopeActions,
    excludedActions: settings.descopeExcludedActions,
    tenants: settings.descopeTenants,
    userIds: settings.descopeUserIds,
    actorIds: settings.descopeActorIds,
    devices: settings.descopeDevices,
    methods: settings.descopeMethods,
    geos: settings.descopeGeos,
    remoteAddresses: settings.descopeRemoteAddresses,
    externalIds: settings.descopeExternalIds,
    noTenants: settings.descopeNoTenants,
    text: settings.descopeText,
  };
  const isNothing = (value: unknown) => !value || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => !isNothing(value)));
}
