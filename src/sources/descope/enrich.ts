import type { EventColumns } from '../../domain.js';
import { memberText as text } from '../member-text.js';
import type { Lookup, SourceEvent } from '../source.js';

/**
 * S30 Process Audit Event for Descope; docs/sources/descope.md explains each column. There are no related objects:
 * events contain names themselves.
 */
export function processDescopeEvent({ details }: SourceEvent, _lookup: Lookup): EventColumns {
  const user = texts(details.externalIds) || text(details.userId);
  const actorId = text(details.actorId);
  return {
    type: text(details.action),
    actor: actorId === '' || actorId === text(details.userId) ? user : actorId,
    user,
    client: client(details),
    gateway: '',
    group: texts(details.tenants),
    project: text(details.projectId),
    hostname: '',
    server: '',
    fromAddr: text(details.remoteAddress),
  };
}

/** For example `Desktop (method: otp, geo: DE)`. */
function client(details: SourceEvent['details']): string {
  const more = (['method', 'geo'] as const)
    .filter((name) => text(details[name]) !== '')
    .map((name) => `${name}: ${text(details[name])}`);
  const device = text(details.device);
  if (more.length === 0) return device;
  return `${device}${device === '' ? '' : ' '}(${more.join(', ')})`;
}

function texts(value: unknown): string {
  return [value].flat().map(text).filter(Boolean).join(', ');
}
