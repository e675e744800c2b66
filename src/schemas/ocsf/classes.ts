/**
 * The classes of OCSF 1.3.0 that events are mapped to, as named in the published schema (https://schema.ocsf.io/1.3.0).
 * Every class has activity 99, `Other`; the record then names the activity in its own words.
 */
export const ocsfVersion = '1.3.0';

/** The version of the schema and the number of the mapping, by that number. */
export const versionNames = { 1: `${ocsfVersion}-1`, 2: `${ocsfVersion}-2` } as const;

interface OcsfClass {
  uid: number;
  name: string;
  category: { uid: number; name: string };
  activities: Readonly<Record<number, string>>;
  /** The class has `actor` in the profile `host` only. */
  actorOfProfile?: 'host';
}

const uncategorized = { uid: 0, name: 'Uncategorized' };
const iam = { uid: 3, name: 'Identity & Access Management' };
const application = { uid: 6, name: 'Application Activity' };

const anyActivity = { 0: 'Unknown', 99: 'Other' };

export const classes = {
  baseEvent: { uid: 0, name: 'Base Event', category: uncategorized, activities: anyActivity },
  accountChange: {
    uid: 3001,
    name: 'Account Change',
    category: iam,
    activities: {
      ...anyActivity,
      1: 'Create',
      2: 'Enable',
      3: 'Password Change',
      4: 'Password Reset',
      5: 'Disable',
      6: 'Delete',
      7: 'Attach Policy',
      8: 'Detach Policy',
      9: 'Lock',
      10: 'MFA Factor Enable',
      11: 'MFA Factor Disable',
    },
  },
  authentication: {
    uid: 3002,
    name: 'Authentication',
    category: iam,
    activities: {
      ...anyActivity,
      1: 'Logon',
      2: 'Logoff',
      3: 'Authentication Ticket',
      4: 'Service Ticket Request',
      5: 'Service Ticket Renew',
      6: 'Preauth',
    },
  },
  entityManagement: {
    uid: 3004,
    name: 'Entity Management',
    category: iam,
    actorOfProfile: 'host',
    activities: {
      ...anyActivity,
      1: 'Create',
      2: 'Read',
      3: 'Update',
      4: 'Delete',
      5: 'Move',
      6: 'Enroll',
      7: 'Unenroll',
      8: 'Enable',
      9: 'Disable',
      10: 'Activate',
      11: 'Deactivate',
      12: 'Suspend',
      13: 'Resume',
    },
  },
  userAccess: {
    uid: 3005,
    name: 'User Access Management',
    category: iam,
    actorOfProfile: 'host',
    activities: { ...anyActivity, 1: 'Assign Privileges', 2: 'Revoke Privileges' },
  },
  groupManagement: {
    uid: 3006,
    name: 'Group Management',
    category: iam,
    actorOfProfile: 'host',
    activities: {
      ...anyActivity,
      1: 'Assign Privileges',
      2: 'Revoke Privileges',
      3: 'Add User',
      4: 'Remove User',
      5: 'Delete',
      6: 'Create',
    },
  },
  apiActivity: {
    uid: 6003,
    name: 'API Activity',
    category: application,
    activities: { ...anyActivity, 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
  },
  datastoreActivity: {
    uid: 6005,
    name: 'Datastore Activity',
    category: application,
    activities: {
      ...anyActivity,
      1: 'Read',
      2: 'Update',
      3: 'Connect',
      4: 'Query',
      5: 'Write',
      6: 'Create',
      7: 'Delete',
      8: 'List',
      9: 'Encrypt',
      10: 'Decrypt',
    },
  },
} as const satisfies Record<string, OcsfClass>;

export type ClassName = keyof typeof classes;

/** A class with the type common to all classes. */
export function classOf(name: ClassName): OcsfClass {
  return classes[name];
}

export function classNameOf(uid: number): ClassName {
  return (Object.keys(classes) as ClassName[]).find((name) => classes[name].uid === uid)!;
}
