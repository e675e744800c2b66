import type { ClassName } from './classes.js';
import type { Json } from './json.js';
import type { Facts, Row } from './mapping.js';
import { entityOf, unknownEndpoint, unknownUser } from './objects.js';
import { defined } from './values.js';

interface Context {
  facts: Facts;
  row: Row;
  /** `service` of Authentication and `api`: the product. */
  service: Json;
  /** `operation` of `api`: the event's type. */
  operation: string;
}

type Builder = (context: Context) => Json;

/** Builds the attributes that each class has besides the common ones. Required attributes are always present. */
export const builders: Readonly<Record<ClassName, Builder>> = {
  baseEvent: () => ({}),

  authentication: ({ facts, service }) => {
    const actor = facts.actor();
    return defined({
      actor: actor && { user: actor },
      user: facts.user?.() ?? actor ?? unknownUser,
      session: facts.session?.(),
      src_endpoint: facts.source(),
      dst_endpoint: facts.target?.(),
      service,
      http_request: facts.httpRequest?.(),
      ...facts.logon?.(),
    });
  },

  accountChange: ({ facts }) =>
    defined({
      actor: actorOf(facts),
      user: facts.user?.() ?? unknownUser,
      src_endpoint: facts.source(),
      http_request: facts.httpRequest?.(),
    }),

  groupManagement: ({ facts, row }) => {
    const user = facts.user?.();
    const given = row.activity === 1 || row.activity === 2 ? facts.privileges?.() : undefined;
    const privileges = given && given.length === 0 && row.privilege !== undefined ? [row.privilege] : given;
    return defined({
      actor: actorOf(facts),
      group: facts.group?.() ?? { name: 'Unknown' },
      // One of the two is required, but an event about creating or removing a group has neither.
      user: user ?? (privileges ? undefined : unknownUser),
      privileges,
      resource: privileges && facts.resource?.(),
      src_endpoint: facts.source(),
      http_request: facts.httpRequest?.(),
    });
  },

  userAccess: ({ facts, row }) => {
    const privileges = facts.privileges?.() ?? [];
    return defined({
      actor: actorOf(facts),
      user: facts.user?.() ?? unknownUser,
      privileges: privileges.length > 0 ? privileges : [row.privilege ?? 'Unknown'],
      resource: facts.resource?.(),
      src_endpoint: facts.source(),
      http_request: facts.httpRequest?.(),
    });
  },

  entityManagement: ({ facts, row }) => {
    const kind = row.entity ?? 'Unknown';
    return defined({
      actor: actorOf(facts),
      entity: facts.entity(kind) ?? entityOf(kind, {}),
      comment: facts.comment?.(),
      src_endpoint: facts.source(),
      http_request: facts.httpRequest?.(),
    });
  },

  apiActivity: ({ facts, service, operation }) =>
    defined({
      actor: actorOf(facts) ?? { user: unknownUser },
      api: defined({ operation, service, response: facts.apiResponse?.() }),
      src_endpoint: facts.source() ?? unknownEndpoint,
      dst_endpoint: facts.target?.(),
      resources: facts.resources?.(),
      http_request: facts.httpRequest?.(),
    }),

  datastoreActivity: ({ facts }) =>
    defined({
      actor: actorOf(facts) ?? { user: unknownUser },
      src_endpoint: facts.source() ?? unknownEndpoint,
      http_request: facts.httpRequest?.(),
      ...(facts.datastore?.() ?? {}),
    }),
};

function actorOf(facts: Facts): Json | undefined {
  const user = facts.actor();
  const session = facts.session?.();
  return user || session ? defined({ user, session }) : undefined;
}
