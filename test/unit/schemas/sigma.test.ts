import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../../src/domain.js';
import { newestSchema } from '../../../src/schemas/registry.js';
import { demoEvents } from './demo-events.js';
import { leavesOf } from './ecs-fields.js';

/**
 * Fields that rules of Sigma for Okta read, and where the same is in ECS and OCSF. From the rules about sign-ins and
 * accounts in SigmaHQ/sigma, rules/identity/okta; `securityContext.isProxy` is in no event of the three sources.
 */
const fields = {
  eventType: { ecs: ['event.action', 'event.category', 'event.type'], ocsf: ['metadata.event_code', 'type_uid'] },
  displayMessage: { ecs: ['message'], ocsf: ['message'] },
  'outcome.result': { ecs: ['event.outcome'], ocsf: ['status_id', 'status'] },
  'outcome.reason': { ecs: ['event.reason'], ocsf: ['status_detail'] },
  'actor.alternateId': { ecs: ['user.name', 'user.id'], ocsf: ['actor.user.name', 'actor.user.uid'] },
  'target.displayName': { ecs: ['user.target.name', 'user.target.id'], ocsf: ['user.name', 'user.uid'] },
  // No rule asks for it, but whoever gets the alert does.
  'client.ipAddress': { ecs: ['source.ip', 'related.ip'], ocsf: ['src_endpoint.ip', 'observables'] },
} as const;

interface Rule {
  /** Name of the rule's file. */
  rule: string;
  reads: readonly (keyof typeof fields)[];
  /** Types of events of the same kind, which the demo has; or made from one that it has. */
  of: Readonly<Partial<Record<'asa' | 'descope' | 'skyflow', readonly string[]>>>;
}

const who = ['eventType', 'outcome.result', 'actor.alternateId'] as const;
const whom = [...who, 'target.displayName'] as const;

const rules: readonly Rule[] = [
  {
    rule: 'okta_user_session_start_via_anonymised_proxy',
    reads: [...who, 'client.ipAddress'],
    of: { asa: ['server.ssh_login'], descope: ['LoginSucceed', 'AccessKeyUsed'], skyflow: ['LOGIN/USER'] },
  },
  { rule: 'okta_password_in_alternateid_field', reads: [...who, 'client.ipAddress'], of: { descope: ['LoginFailed'] } },
  { rule: 'okta_fastpass_phishing_detection', reads: [...who, 'outcome.reason'], of: { skyflow: ['LOGIN/USER'] } },
  {
    rule: 'okta_unauthorized_access_to_app',
    reads: [...whom, 'displayMessage'],
    of: { asa: ['security_policy.evaluate'] },
  },
  {
    rule: 'okta_user_account_locked_out',
    reads: [...who, 'displayMessage', 'client.ipAddress'],
    of: { descope: ['LoginExceedMaxAttempts from LoginFailed'] },
  },
  {
    rule: 'okta_user_created',
    reads: whom,
    of: { asa: ['user.create'], descope: ['UserCreated'], skyflow: ['UserService.InviteUser'] },
  },
  { rule: 'okta_mfa_reset_or_deactivated', reads: whom, of: { asa: ['password.reset', 'user.update'] } },
  {
    rule: 'okta_admin_role_assigned_to_user_or_group',
    reads: who,
    of: { asa: ['group.add_user', 'permission.change'], skyflow: ['RoleService.AssignRole'] },
  },
  {
    rule: 'okta_api_token_created',
    reads: who,
    of: { asa: ['server_enrollment_token.create'], descope: ['AccessKeyCreated from UserCreated'] },
  },
  { rule: 'okta_api_token_revoked', reads: who, of: { descope: ['AccessKeyDeleted from UserDeleted'] } },
];

const demos: Readonly<Record<string, StoredEvent[]>> = Object.fromEntries(
  Object.entries(demoEvents).map(([source, make]) => [source, make(2_000)]),
);

/** Events of the type. Those of the demo for ASA lack names now and then, because related objects are missing. */
function eventsOf(source: string, wanted: string): StoredEvent[] {
  const [type, from = type] = wanted.split(' from ');
  const named = ({ actor, user, rawEvent }: StoredEvent) =>
    source !== 'asa' || (actor !== '' && (user !== '' || !/"(target_)?user":"/.test(rawEvent)));
  const events = demos[source]!.filter((of) => of.type === from && named(of));
  return events.map((of) => ({ ...of, type: type! }));
}

function filled(record: object, path: string): boolean {
  const value = path
    .split('.')
    .reduce<unknown>((of, key) => (of as Record<string, unknown> | undefined)?.[key], record);
  return value !== undefined && value !== '' && value !== 'Unknown';
}

describe("what a rule of Sigma's for Okta reads is filled", () => {
  const each = rules.flatMap(({ rule, reads, of }) =>
    Object.entries(of).flatMap(([source, types]) => types.map((type) => [rule, source, type, reads] as const)),
  );

  it.each(each)('%s, for %s: %s', (_, source, type, reads) => {
    const events = eventsOf(source, type);
    const failed = ({ rawEvent }: StoredEvent) => /"code":[45]/.test(rawEvent);
    const read = (reads.includes('outcome.reason') ? events.filter(failed) : events).slice(0, 20);
    expect(read.length).toBeGreaterThan(0);
    for (const of of read) {
      const ecs = newestSchema('ecs')!.record(of, source).record;
      const ocsf = newestSchema('ocsf')!.record(of, source).record;
      const paths = new Set(leavesOf(ecs).map(([path]) => path));
      for (const field of reads) {
        expect([field, fields[field].ecs.filter((path) => !paths.has(path))]).toEqual([field, []]);
        expect([field, fields[field].ocsf.filter((path) => !filled(ocsf, path))]).toEqual([field, []]);
      }
    }
  });
});
