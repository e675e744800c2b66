import { z } from 'zod';
import { faultSchema } from '../faults.js';
import { type Answer, jsonAnswer } from '../wire.js';
import { errorAnswer } from './answers.js';
import type { AuditLog } from './audit-log.js';
import type { ApiRequest, VendorApi } from './vendor-api.js';

const eventsSchema = z.strictObject({ n: z.int().min(1).max(1_000_000) });

type Action = (body: string) => Answer;

/**
 * The demo's control endpoints for people, under /demo: not part of the vendor's API, and without a rate limit. What changes
 * anything needs the team's key, which a page of another site can neither know nor send.
 */
export function controlActions(api: VendorApi, log: AuditLog, team: string): ReadonlyMap<string, Action> {
  const state = (): Answer =>
    jsonAnswer(200, {
      team,
      events: log.total(),
      key_revoked: api.keyRevoked,
      faults: api.faults.list(),
      requests: api.requests,
    });
  const doing =
    (action: () => void): Action =>
    () => {
      action();
      return state();
    };
  return new Map<string, Action>([
    ['GET /demo/state', state],
    ['POST /demo/faults', (body) => withInput(faultSchema, body, (fault) => doing(() => api.faults.add(fault))(body))],
    ['DELETE /demo/faults', doing(() => api.faults.clear())],
    ['POST /demo/events', (body) => withInput(eventsSchema, body, ({ n }) => doing(() => log.addEvents(n))(body))],
    ['POST /demo/expire-tokens', doing(() => api.tokens.expireAll())],
    ['POST /demo/forget-offsets', doing(() => log.forgetOffsets())],
    ['POST /demo/revoke-key', doing(() => setRevoked(api, true))],
    ['POST /demo/restore-key', doing(() => setRevoked(api, false))],
  ]);
}

export function answerControl(
  actions: ReadonlyMap<string, Action>,
  { method, url, authorization, body }: ApiRequest,
  keySecret: string,
): Answer {
  const action = actions.get(`${method} ${url.pathname}`);
  if (!action) return errorAnswer(404, `There are: ${[...actions.keys()].join(', ')}.`);
  if (method !== 'GET' && authorization !== `Bearer ${keySecret}`)
    return errorAnswer(401, 'Send the key secret of the demo team: -H "Authorization: Bearer $ASA_KEY_SECRET".');
  return action(body);
}

function setRevoked(api: VendorApi, revoked: boolean): void {
  api.keyRevoked = revoked;
}

function withInput<T>(schema: z.ZodType<T>, body: string, action: (input: T) => Answer): Answer {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refused('The body is not JSON.', schema);
  }
  const input = schema.safeParse(value);
  return input.success ? action(input.data) : refused(z.prettifyError(input.error), schema);
}

function refused(message: string, schema: z.ZodType): Answer {
  const { $schema: _, ...expected } = z.toJSONSchema(schema);
  return jsonAnswer(400, { code: 'invalid_request', message, expected });
}
