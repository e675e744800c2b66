import { describe, expect, it } from 'vitest';
import { processAuditEvent } from '../../../src/sources/skyflow/enrich.js';
import type { SourceEvent } from '../../../src/sources/source.js';

const columns = (details: Record<string, unknown>) => processAuditEvent({ details } as unknown as SourceEvent);

describe('the columns of an event', () => {
  it('of a person', () => {
    expect(
      columns({
        context: {
          actor: 'u1',
          actorType: 'USER',
          accessType: 'API',
          authMode: 'OKTA_JWT',
          origin: 'https://studio.example',
          ipAddress: '203.0.113.7',
        },
        request: {
          apiName: 'UserService.GetUser',
          actionType: 'READ',
          resourceType: 'USER',
          workspaceID: 'w1',
          vaultID: 'v1',
          httpInfo: { URI: 'https://manage.example/v1/users/u2', method: 'GET' },
        },
        resourceIDs: ['VAULT/v1', 'USER/u2'],
      }),
    ).toEqual({
      type: 'UserService.GetUser',
      actor: 'u1 (type: USER)',
      user: 'USER/u2',
      client: 'access: API, auth: OKTA_JWT, origin: https://studio.example',
      gateway: '',
      group: 'w1',
      project: 'v1',
      hostname: 'manage.example',
      server: 'VAULT/v1, USER/u2',
      fromAddr: '203.0.113.7',
    });
  });

  it('of a login without an API name, with ids that only the resources contain', () => {
    expect(
      columns({
        context: { actor: '', actorType: 'NONE' },
        request: { apiName: '', actionType: 'LOGIN', resourceType: 'USER', httpInfo: { URI: '/v1/auth/login' } },
        resourceIDs: 'WORKSPACE/w1, VAULT/v1,VAULT/v2 ,SERVICE_ACCOUNT/s1',
      }),
    ).toMatchObject({
      type: 'LOGIN/USER',
      actor: 'type: NONE',
      user: 'SERVICE_ACCOUNT/s1',
      group: 'w1',
      project: 'v1, v2',
      hostname: '',
      server: 'WORKSPACE/w1, VAULT/v1, VAULT/v2, SERVICE_ACCOUNT/s1',
    });
  });

  it('of anything else are texts too', () => {
    const odd = columns({
      context: { actor: 5, actorType: null, accessType: {}, ipAddress: ['x'] },
      request: { apiName: false, httpInfo: 'x', vaultID: {} },
      resourceIDs: [null, 7, {}],
    });
    expect(odd).toMatchObject({ type: 'false', actor: '5', client: '', fromAddr: '', server: '', hostname: '' });
    for (const details of [{}, { context: null, request: [], resourceIDs: null }])
      expect(Object.values(columns(details)).join('')).toBe('');
  });

  it('show nothing of the content', () => {
    const content = 'sensitive';
    const all = columns({ request: { data: { content } }, response: { data: { content }, message: content } });
    expect(Object.values(all).join('')).not.toContain(content);
  });
});
