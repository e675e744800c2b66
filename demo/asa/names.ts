// biome-ignore-all format: lists of words read better in lines
/** Names for the demo team. Some contain characters that Go escapes in JSON, or letters outside ASCII. */
export const firstNames = [
  'Ada', 'Amara', 'Anders', 'Beatriz', 'Benedikt', 'Chiara', 'Dewey', 'Eszter', 'Fatima', 'Gustavo', 'Hana', 'Ingrid',
  'Jason', 'Kofi', 'Linnéa', 'Mateus', 'Nadia', 'Olufemi', 'Priya', 'Quentin', 'Rósa', 'Sanjay', 'Tomáš', 'Uma', 'Vera',
  'Wanjiru', 'Xin', 'Yusuf', 'Zoë', 'Øystein',
];

export const lastNames = [
  'Abara', 'Bundren', 'Castellanos', 'Compson', 'Dvořák', 'Eriksen', 'Ferreira', 'Grierson', 'Hightower', 'Ivanova',
  'Jansen', 'Kowalczyk', 'Lindqvist', 'Mbeki', 'Nakamura', "O'Hara", 'Pettersson', 'Quiroga', 'Rossi', 'Sartoris',
  'Snopes', 'Szabó', 'Tanaka', 'Ueda', 'Varner', 'Williams', 'Yılmaz', 'Zhang',
];

export const serviceUsers = [
  'svc-backup',
  'svc-deploy',
  'svc-inventory',
  'svc-monitoring',
  'svc-patching',
  'svc-siem',
  'svc-terraform',
  'svc-vault',
];

export const groups = [
  'everyone', 'owners', 'sre', 'platform', 'payments', 'data-eng', 'security', 'R&D', 'dba', 'contractors', 'support <L2>',
  'network', 'mobile', 'web', 'release', 'auditors', 'windows-admins', 'linux-admins', 'on-call', 'ml',
];

export const projects = [
  'production', 'staging', 'Gateways', 'payments', 'R&D', 'data-platform', 'build-farm', 'corp-windows', 'observability',
  'network-edge', 'legacy <do not use>', 'sandbox', 'ml-training', 'kubernetes',
];

export const policies = ['default', 'production needs MFA', 'contractors: 09:00 & 18:00', 'break-glass'];

export const roles = [
  'web',
  'db',
  'cache',
  'queue',
  'api',
  'worker',
  'bastion',
  'build',
  'log',
  'etl',
  'dc',
  'jump',
  'search',
  'mail',
];

export const hostWords = [
  'absalom', 'badger', 'cinder', 'dune', 'ember', 'fjord', 'granite', 'harbor', 'iris', 'juniper', 'kestrel', 'lichen',
  'meadow', 'nimbus', 'osprey', 'pike', 'quartz', 'raven', 'spruce', 'tundra', 'umber', 'vole', 'willow', 'yarrow',
];

export const clientSystems = [
  'macOS 10.14.6', 'macOS 14.5', 'macOS 15.1', 'Windows 10 Enterprise', 'Windows 11 Pro', 'Ubuntu 22.04', 'Fedora Linux 40', 'Debian 12',
];

export const serverSystems = [
  ['Ubuntu 20.04', 'linux'], ['Ubuntu 22.04', 'linux'], ['Ubuntu 24.04', 'linux'], ['Amazon Linux 2023', 'linux'],
  ['CentOS Linux 7', 'linux'], ['Red Hat Enterprise Linux 9.4', 'linux'], ['Debian 12', 'linux'],
  ['Windows Server 2019 Datacenter', 'windows'], ['Windows Server 2022 Datacenter', 'windows'],
] as const;

export const gateways = [
  'ad-gateway',
  'gw-eu-west-1a',
  'gw-eu-west-1b',
  'gw-us-east-1a',
  'gw-us-east-1b',
  'gw-on-prem',
];

export const clouds = [
  ['aws', 'eu-west-1a'], ['aws', 'us-east-1b'], ['gce', 'europe-west4-b'], ['azure', 'westeurope'],
] as const;
