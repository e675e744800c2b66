import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SignIn } from '../../../demo/skyflow/sign-in.js';
import { Secret } from '../../../src/secret.js';
import { checkTableRows, resolveCollector } from '../../../src/settings/collector.js';
import type { Route } from '../../../src/settings/through-temporal.js';
import { serviceAccountOf } from '../../../src/sources/skyflow/credentials.js';
import { filterParameters } from '../../../src/sources/skyflow/filters.js';
import { skyflow } from '../../../src/sources/skyflow/source.js';

const env = { SKYFLOW_ACCOUNT_ID: 'a1', SKYFLOW_VAULT_URL: 'https://v.example', SKYFLOW_API_KEY: 'sky-key' };
const resolved = (more: Record<string, string>) =>
  resolveCollector('skyflow', [skyflow], {}, { ...env, ...more }).values;

let credentials: string;
beforeAll(() => {
  credentials = JSON.stringify(new SignIn(1).credentials('https://manage.example/token'));
});

describe('the settings of a Skyflow collector', () => {
  it('need an account, a URL and one way to sign in, and have defaults for the rest', () => {
    const settings = resolved({});
    expect(settings.skyflowApiKey?.reveal()).toBe('sky-key');
    expect(settings).toEqual({
      skyflowAccountId: 'a1',
      skyflowVaultUrl: 'https://v.example',
      skyflowApiKey: expect.any(Secret),
      skyflowKeepContent: false,
      skyflowOverlapMinutes: 15,
      offloadWhen: 'after-run',
      searchCount: 1000,
    });
    expect(filterParameters(settings)).toEqual([]);
    expect(() => resolveCollector('skyflow', [skyflow], {}, {})).toThrow(
      /SKYFLOW_ACCOUNT_ID.*SKYFLOW_VAULT_URL.*one of SKYFLOW_API_KEY and SKYFLOW_CREDENTIALS_FILE is missing/,
    );
  });

  it('accept a credentials file instead of the key, but not both', () => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'credentials.json');
    writeFileSync(file, `${credentials}\n`);
    const { SKYFLOW_API_KEY, ...rest } = env;
    const { values } = resolveCollector('skyflow', [skyflow], {}, { ...rest, SKYFLOW_CREDENTIALS_FILE: file });
    expect(values.skyflowApiKey).toBeUndefined();
    const account = serviceAccountOf(values.skyflowCredentials!.reveal());
    expect(account).toMatchObject({ tokenUri: 'https://manage.example/token' });
    expect(() => resolved({ SKYFLOW_CREDENTIALS_FILE: file })).toThrow(
      'only one of SKYFLOW_API_KEY and SKYFLOW_CREDENTIALS_FILE may be set',
    );
  });

  it.each([
    ['https://v.example/', 'https://v.example'],
    ['https://v.example/v1', 'https://v.example'],
    ['https://v.example/v1/', 'https://v.example'],
    ['https://proxy.example/skyflow', 'https://proxy.example/skyflow'],
  ])('accept %s as the URL', (url, expected) => {
    expect(resolved({ SKYFLOW_VAULT_URL: url }).skyflowVaultUrl).toBe(expected);
  });

  it.each([
    ['skyflowOverlapMinutes', '-1'],
    ['skyflowOverlapMinutes', '1441'],
    ['skyflowOverlapMinutes', '1.5'],
    ['skyflowKeepContent', 'yes'],
    ['skyflowVaultUrl', 'v.example'],
    ['skyflowVaultUrl', 'https://u:p@v.example'],
    ['searchCount', '1001'],
    ['searchCount', '0'],
    ['skyflowFilterActorType', 'HUMAN'],
    ['skyflowFilterAccessType', 'OTHER'],
    ['skyflowFilterAuthMode', 'PASSWORD'],
    ['skyflowFilterIpAddress', '1.2.3'],
    ['skyflowFilterHttpMethod', 'get'],
    ['skyflowFilterResponseCode', 'ok'],
    ['skyflowFilterResourceIds', 'VAULT'],
    ['skyflowFilterResourceIds', 'VAULT/1,'],
    ['skyflowFilterActionType', 'read'],
    ['skyflowFilterStartTime', '2026-01-01'],
    ['skyflowFilterStartTime', '2026-01-01T00:00:00Z'],
    ['skyflowFilterEndTime', '2026-02-30 00:00:00'],
    ['skyflowFilterActor', 'a\nb'],
  ])('refuse %s=%s when it is set', (key, value) => {
    const set = () => checkTableRows('skyflow', { [key]: value }, {}, [skyflow], 'store');
    expect(set).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });

  it('accept an overlap of 0, which trusts the cursor', () => {
    expect(resolved({ SKYFLOW_OVERLAP_MINUTES: '0' }).skyflowOverlapMinutes).toBe(0);
    expect(resolved({ SKYFLOW_OVERLAP_MINUTES: '1440' }).skyflowOverlapMinutes).toBe(1440);
  });

  it('turn every filter of the contract into a parameter', () => {
    const values: Record<string, [parameter: string, value: string]> = {
      CHANGE_ID: ['context.changeID', 'a'],
      REQUEST_ID: ['context.requestID', 'a'],
      TRACE_ID: ['context.traceID', 'a'],
      SESSION_ID: ['context.sessionID', 'a'],
      ACTOR: ['context.actor', 'a b'],
      ACTOR_TYPE: ['context.actorType', 'SERVICE_ACCOUNT'],
      ACCESS_TYPE: ['context.accessType', 'SQL'],
      IP_ADDRESS: ['context.ipAddress', '2001:db8::1'],
      ORIGIN: ['context.origin', 'https://studio.example'],
      AUTH_MODE: ['context.authMode', 'API_KEY'],
      JWT_ID: ['context.jwtID', 'a'],
      BEARER_TOKEN_CONTEXT_ID: ['context.bearerTokenContextID', 'a'],
      PARENT_ACCOUNT_ID: ['parentAccountID', 'a'],
      WORKSPACE_ID: ['workspaceID', 'a'],
      VAULT_ID: ['vaultID', 'a'],
      RESOURCE_IDS: ['resourceIDs', 'VAULT/12345, USER/67890'],
      ACTION_TYPE: ['actionType', 'READ'],
      RESOURCE_TYPE: ['resourceType', 'SERVICE_ACCOUNT'],
      TAGS: ['tags', 'pii'],
      RESPONSE_CODE: ['responseCode', '200'],
      START_TIME: ['startTime', '2023-06-27 14:01:14.271659365'],
      END_TIME: ['endTime', '2023-06-28 00:00:00'],
      API_NAME: ['apiName', 'RecordService.GetRecord'],
      RESPONSE_MESSAGE: ['responseMessage', 'ok'],
      HTTP_METHOD: ['httpMethod', 'PATCH'],
      HTTP_URI: ['httpURI', '/v1/vaults/v'],
    };
    const set = Object.entries(values).map(([name, [, value]]) => [`SKYFLOW_FILTER_${name}`, value]);
    const expected = Object.values(values).map(([parameter, value]) => [`filterOps.${parameter}`, value]);
    expect(filterParameters(resolved(Object.fromEntries(set)))).toEqual(expected);
    expect(skyflow.settings.filter(({ key }) => key.startsWith('skyflowFilter'))).toHaveLength(26);
  });

  it('refuse a start time after the end time', () => {
    const times = {
      SKYFLOW_FILTER_START_TIME: '2026-01-02 00:00:00',
      SKYFLOW_FILTER_END_TIME: '2026-01-01 23:59:59.9',
    };
    expect(() => resolved(times)).toThrow('SKYFLOW_FILTER_START_TIME is after SKYFLOW_FILTER_END_TIME');
  });

  it('keep secrets out of the table, and their targets out of Temporal', () => {
    const set = (rows: Record<string, string>, route: Route) => () =>
      checkTableRows('skyflow', rows, {}, [skyflow], route);
    const refused = expect.objectContaining({ code: 'SECRET_REFUSED' });
    expect(set({ skyflowApiKey: 'k' }, 'store')).toThrow(refused);
    expect(set({ skyflowCredentials: credentials }, 'store')).toThrow(refused);
    expect(set({ skyflowVaultUrl: 'https://evil.example' }, 'all')).toThrow(refused);
    expect(set({ skyflowCredentialsFile: '/etc/passwd' }, 'all')).toThrow(refused);
  });

  it.each([
    ['not JSON {', 'it is not a JSON object'],
    ['{"clientID":"secret-word"}', 'it lacks keyID, tokenURI, privateKey'],
  ])('say what is wrong with a credentials file without showing any of it: %s', (text, message) => {
    const { SKYFLOW_API_KEY, ...rest } = env;
    const resolve = () => resolveCollector('skyflow', [skyflow], {}, { ...rest, SKYFLOW_CREDENTIALS: text });
    expect(resolve).toThrow(message);
    expect(resolve).not.toThrow(/secret-word/);
  });
});
