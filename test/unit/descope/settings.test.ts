import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/secret.js';
import { checkTableRows, resolveCollector } from '../../../src/settings/collector.js';
import { filtersOf } from '../../../src/sources/descope/settings.js';
import { descope } from '../../../src/sources/descope/source.js';

const env = { DESCOPE_PROJECT_ID: 'P1', DESCOPE_MANAGEMENT_KEY: 'K1' };
const resolved = (more: Record<string, string>) =>
  resolveCollector('descope', [descope], {}, { ...env, ...more }).values;

describe('the settings of a Descope collector', () => {
  it('need a project and a key, and have defaults for the rest', () => {
    const settings = resolved({});
    expect(settings.descopeManagementKey.reveal()).toBe('K1');
    expect(settings).toEqual({
      descopeProjectId: 'P1',
      descopeManagementKey: expect.any(Secret),
      descopeBaseUrl: 'https://api.descope.com',
      descopeOverlapMinutes: 15,
      descopeNoTenants: false,
      offloadWhen: 'after-run',
      searchCount: 1000,
    });
    expect(filtersOf(settings)).toEqual({});
    expect(() => resolveCollector('descope', [descope], {}, {})).toThrow(/DESCOPE_PROJECT_ID.*DESCOPE_MANAGEMENT_KEY/);
  });

  it('turn every filter into a member of the request', () => {
    const list = (name: string) => ({ [`DESCOPE_${name}`]: ' a, b ' });
    const filters = filtersOf(
      resolved({
        ...list('ACTIONS'),
        ...list('EXCLUDED_ACTIONS'),
        ...list('TENANTS'),
        ...list('USER_IDS'),
        ...list('ACTOR_IDS'),
        ...list('REMOTE_ADDRESSES'),
        ...list('EXTERNAL_IDS'),
        DESCOPE_NO_TENANTS: 'true',
        DESCOPE_DEVICES: 'Bot,Mobile',
        DESCOPE_METHODS: 'saml',
        DESCOPE_GEOS: 'DE, US',
        DESCOPE_TEXT: 'a, b',
      }),
    );
    expect(filtersOf(resolved({ ...list('ACTIONS'), DESCOPE_ACTIONS: ' ', DESCOPE_TEXT: '' }))).toEqual({});
    const ab = ['a', 'b'];
    expect(filters).toEqual({
      actions: ab,
      excludedActions: ab,
      tenants: ab,
      userIds: ab,
      actorIds: ab,
      remoteAddresses: ab,
      externalIds: ab,
      noTenants: true,
      devices: ['Bot', 'Mobile'],
      methods: ['saml'],
      geos: ['DE', 'US'],
      text: 'a, b',
    });
  });

  it.each([
    ['descopeDevices', 'Phone'],
    ['descopeMethods', 'otp,fax'],
    ['descopeGeos', 'Germany'],
    ['descopeGeos', 'DE,,US'],
    ['descopeNoTenants', 'yes'],
    ['descopeOverlapMinutes', '0'],
    ['descopeOverlapMinutes', '1441'],
    ['descopeActions', 'a,,b'],
    ['searchCount', '1001'],
  ])('refuse %s=%s when it is set', (key, value) => {
    const set = () => checkTableRows('descope', { [key]: value }, {}, [descope], 'store');
    expect(set).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });

  it('keep the key out of the table, and its target out of Temporal', () => {
    const set = (rows: Record<string, string>) => () => checkTableRows('descope', rows, {}, [descope], 'all');
    for (const rows of [
      { descopeManagementKey: 'K' },
      { descopeBaseUrl: 'https://example.com' },
      { descopeProjectId: 'P2' },
    ])
      expect(set(rows as unknown as Record<string, string>)).toThrow(
        expect.objectContaining({ code: 'SECRET_REFUSED' }),
      );
  });
});
