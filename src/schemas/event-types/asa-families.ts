import { account, authentication, configuration, ecs, entity, iam, type TypeFamily } from './table.js';

const done = { outcome: 'success' } as const;
const open = { outcome: 'unknown' } as const;

const accountWhy = 'the account of the user or service user whom the event is about';

/**
 * ASA has some 150 types. Those without a row are grouped as a public SIEM groups them. One that says what was done was
 * done, like those with a row.
 */
export const asaFamilies: readonly TypeFamily[] = [
  {
    types: /(?:^|[._])(?:ssh|rdp)_login$/,
    named: '`…ssh_login`, `…rdp_login`',
    ocsf: authentication(1),
    ecs: { category: ['authentication', 'session'], type: ['start'] },
    ...done,
  },
  {
    types: /^(?:auth_token|user_creds|creds)\./,
    named: '`auth_token.…`, `user_creds.…`, `creds.…`',
    ocsf: authentication(99),
    ecs: ecs('authentication', 'info'),
    ...open,
  },
  ...accountFamilies(),
  {
    types: /^preauthorization\.(?:revoke|remove|delete)$/,
    named: '`preauthorization.revoke`, `….remove`, `….delete`',
    ocsf: { class: 'userAccess', activity: 2, privilege: 'preauthorization' },
    ecs: iam('user', 'change'),
    ...done,
    why: 'takes access to a project; the user stays',
  },
  { types: /[._]enroll$/, named: '`…enroll`', ocsf: entity('Other', 6), ecs: configuration('creation'), ...done },
  {
    types: /[._](?:create|add)$/,
    named: '`…create`, `…add`',
    ocsf: entity('Other', 1),
    ecs: configuration('creation'),
    ...done,
  },
  {
    types: /[._](?:remove|delete)$/,
    named: '`…remove`, `…delete`',
    ocsf: entity('Other', 4),
    ecs: configuration('deletion'),
    ...done,
  },
  {
    types: /(?:[._](?:assign|update|change)|rotate)$/,
    named: '`…assign`, `…update`, `…change`, `…rotate`',
    ocsf: entity('Other', 3),
    ecs: configuration('change'),
    ...done,
  },
  {
    types: /[._](?:reveal|discovered)$/,
    named: '`…reveal`, `…discovered`',
    ocsf: entity('Other', 2),
    ecs: configuration('access'),
    ...done,
  },
  { types: /^resource\./, named: '`resource.…`', ocsf: entity('Resource', 99), ecs: configuration('info'), ...done },
];

/** Further types of users and service users: account changes of their subject, whatever they are. */
function accountFamilies(): TypeFamily[] {
  const changes = [
    ['create|add', 1, iam('user', 'creation')],
    ['remove|delete', 6, iam('user', 'deletion')],
    ['enable|activate', 2, iam('user', 'change')],
    ['disable|deactivate', 5, iam('user', 'change')],
    ['lock', 9, iam('user', 'change')],
  ] as const;
  return [
    ...changes.map(([words, activity, own]) => ({
      types: new RegExp(`^(?:service_)?user\\.(?:${words})$`),
      named: words
        .split('|')
        .map((word) => `\`user.${word}\`, \`service_user.${word}\``)
        .join(', '),
      ocsf: account(activity),
      ecs: own,
      ...done,
      why: accountWhy,
    })),
    {
      types: /^(?:service_)?user\./,
      named: '`user.…`, `service_user.…`',
      ocsf: account(99),
      ecs: iam('user', 'change'),
      ...open,
      why: accountWhy,
    },
  ];
}
