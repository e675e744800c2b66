import { describe, expect, it } from 'vitest';
import { processDescopeEvent } from '../../../src/sources/descope/enrich.js';
import type { SourceEvent } from '../../../src/sources/source.js';

const columns = (details: Record<string, unknown>) =>
  processDescopeEvent({ details } as unknown as SourceEvent, () => undefined);

describe('the columns of an event', () => {
  it('of a person who acts for themselves', () => {
    expect(
      columns({
        action: 'LoginSucceed',
        actorId: 'U1',
        userId: 'U1',
        externalIds: ['ada@example.com', '+49123'],
        device: 'Desktop',
        method: 'otp',
        geo: 'DE',
        tenants: ['T1', 'T2'],
        projectId: 'P1',
        remoteAddress: '203.0.113.7',
      }),
    ).toEqual({
      type: 'LoginSucceed',
      actor: 'ada@example.com, +49123',
      user: 'ada@example.com, +49123',
      client: 'Desktop (method: otp, geo: DE)',
      gateway: '',
      group: 'T1, T2',
      project: 'P1',
      hostname: '',
      server: '',
      fromAddr: '203.0.113.7',
    });
  });

  it('of an administrator, and without login ids', () => {
    expect(columns({ actorId: 'K1', userId: 'U1', geo: 'US' })).toMatchObject({
      actor: 'K1',
      user: 'U1',
      client: '(geo: US)',
    });
  });

  it('of anything else are texts too', () => {
    const odd = columns({ action: null, externalIds: [null, {}, 5], tenants: 'T1', device: ['x'], userId: 'U' });
    expect(odd).toMatchObject({ type: '', user: '5', group: 'T1', client: '' });
    expect(Object.values(columns({})).join('')).toBe('');
  });
});
