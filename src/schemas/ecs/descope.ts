import type { StoredEvent } from '../../domain.js';
import { type Description, emailOf, type User } from './fields.js';
import type { MappingRow, Version } from './mapping.js';
import { Members, parsed } from './members.js';

/**
 * Actions that the vendor's list of audit events names individually, and others that were observed, in version 1. Never
 * changed, since batches repeat with it.
 */
export const descopeRows: readonly MappingRow[] = [
  { category: ['authentication'], type: ['start'], outcome: 'success', of: ['LoginSucceed', 'AccessKeyUsed'] },
  {
    category: ['authentication'],
    type: ['start'],
    outcome: 'failure',
    of: ['LoginFailed', 'LoginStartedFailed', 'LoginExceedMaxAttempts'],
  },
  { category: ['authentication'], type: ['start'], outcome: 'unknown', of: ['LoginStarted'] },
  { category: ['session'], type: ['info'], outcome: 'success', of: ['SessionRefreshed', 'UserRefresh'] },
  {
    category: ['iam'],
    type: ['user', 'creation'],
    outcome: 'success',
    of: ['UserCreated', 'UsersCreated', 'AccessKeyCreated'],
  },
  {
    category: ['iam'],
    type: ['user', 'change'],
    outcome: 'success',
    of: ['UserModified', 'UsersModified', 'AccessKeyModified'],
  },
  {
    category: ['iam'],
    type: ['user', 'deletion'],
    outcome: 'success',
    of: ['UserDeleted', 'UsersDeleted', 'AccessKeyDeleted', 'AccessKeysDeleted'],
  },
  { category: ['iam'], type: ['admin', 'creation'], outcome: 'success', of: ['PermissionCreated'] },
  { category: ['iam'], type: ['admin', 'change'], outcome: 'success', of: ['PermissionModified'] },
  { category: ['iam'], type: ['admin', 'deletion'], outcome: 'success', of: ['PermissionDeleted'] },
  { category: ['configuration'], type: ['deletion'], outcome: 'success', of: ['ProjectDeleted'] },
];

export function describeDescope(event: StoredEvent, version: Version): Description {
  const audit = new Members(parsed(event.rawEvent));
  for (const name of ['action', 'occurred']) audit.drop(name);
  if (audit.has('ID')) audit.drop('ID');
  const loginIds = audit.texts('externalIds');
  const userId = audit.text('userId');
  const actorId = audit.text('actorId');
  const subject: User = { id: userId, name: loginIds[0] ?? userId, email: loginIds.map(emailOf).find(Boolean) };
  const acting = actorId === undefined || actorId === userId;
  const error = audit.inner('data').text('error_message');
  const level = audit.text('type');
  return {
    types: [event.type],
    ...(version === 2 && error !== undefined ? { outcome: 'failure', reason: error } : {}),
    user: acting ? subject : { id: actorId, name: actorId },
    target: acting ? {} : subject,
    source: { address: audit.text('remoteAddress'), countryCode: audit.matching('geo', /^[A-Z]{2}$/) },
    organization: { id: audit.text('tenants') },
    relatedUsers: loginIds,
    others: {
      error: error === undefined ? undefined : { message: error },
      log: level === undefined ? undefined : { level },
      user_agent: deviceOf(audit),
    },
    unmapped: audit.rest(),
  };
}

function deviceOf(audit: Members) {
  const name = audit.text('device');
  return name === undefined ? undefined : { device: { name } };
}
