import { commaList } from '../../comma-list.js';
import type { EventColumns } from '../../domain.js';
import { jsonObjectOf } from '../../json-values.js';
import { memberText as text } from '../member-text.js';
import type { SourceEvent } from '../source.js';

/** S30 Process Audit Event: the columns of one event; docs/sources/skyflow.md has the table and the reasons. */
export function processAuditEvent({ details }: SourceEvent): EventColumns {
  const context = jsonObjectOf(details.context);
  const request = jsonObjectOf(details.request);
  const resources = resourceIds(details.resourceIDs);
  return {
    type: text(request.apiName) || joined([request.actionType, request.resourceType], '/'),
    actor: described(text(context.actor), [['type', context.actorType]]),
    user: resources.filter((id) => /^(USER|SERVICE_ACCOUNT)\//.test(id)).join(', '),
    client: labelled([
      ['access', context.accessType],
      ['auth', context.authMode],
      ['origin', context.origin],
    ]),
    gateway: '',
    group: text(request.workspaceID) || idsOfType(resources, 'WORKSPACE'),
    project: text(request.vaultID) || idsOfType(resources, 'VAULT'),
    hostname: hostOf(text(jsonObjectOf(request.httpInfo).URI)),
    server: resources.join(', '),
    fromAddr: text(context.ipAddress),
  };
}

/** For example `p1b2c3 (type: USER)`. */
function described(name: string, labels: readonly [string, unknown][]): string {
  const rest = labelled(labels);
  if (name === '') return rest;
  return rest === '' ? name : `${name} (${rest})`;
}

/** `label: value` for each non-empty value. */
function labelled(labels: readonly [string, unknown][]): string {
  return labels
    .filter(([, value]) => text(value) !== '')
    .map(([label, value]) => `${label}: ${text(value)}`)
    .join(', ');
}

function joined(values: readonly unknown[], separator: string): string {
  return values.map(text).filter(Boolean).join(separator);
}

/** Resources in the form `TYPE/id`, from a list or from a comma-separated text as in the filter. */
function resourceIds(value: unknown): string[] {
  return [value].flat().flatMap((ids) => (typeof ids === 'string' ? commaList(ids) : []));
}

function idsOfType(resources: readonly string[], type: string): string {
  const prefix = `${type}/`;
  return resources
    .filter((id) => id.startsWith(prefix))
    .map((id) => id.slice(prefix.length))
    .join(', ');
}

/** The host of an absolute URI. Most URIs are only a path. */
function hostOf(uri: string): string {
  return /^https?:\/\//.test(uri) && URL.canParse(uri) ? new URL(uri).host : '';
}
