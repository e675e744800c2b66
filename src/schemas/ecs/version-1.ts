import { asaRows } from './asa.js';
import { descopeRows } from './descope.js';
import { distinct, ipOf, namesOf, some } from './fields.js';
import { findIn } from './mapping.js';
import type { Rules } from './rules.js';
import { skyflowRows } from './skyflow.js';

const finders = new Map([
  ['asa', findIn(asaRows)],
  ['descope', findIn(descopeRows)],
  ['skyflow', findIn(skyflowRows)],
]);

/** The first version. Never changed, since batches repeat with it. */
export const version1: Rules = {
  version: 1,
  categorise(source, { types, type, outcome }) {
    const find = finders.get(source);
    const mapping = types.map((each) => find?.(each)).find((found) => found !== undefined);
    return {
      category: mapping?.category,
      type: mapping && (type ?? mapping.type),
      outcome: outcome ?? mapping?.outcome ?? 'unknown',
      known: mapping !== undefined,
    };
  },
  adjusted: (description) => description,
  ipOf,
  endpointOf: (address) => ({ address, ip: ipOf(address) }),
  relatedOf({ user, target, effective, host, source, client, relatedUsers = [] }) {
    return some({
      user: distinct([...namesOf(user), ...namesOf(target), ...namesOf(effective), ...relatedUsers]),
      ip: distinct([ipOf(source?.address), ipOf(client?.address), ipOf(host?.address)]),
      hosts: distinct([host?.name, source?.domain]),
    });
  },
};
