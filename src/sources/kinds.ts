import type { Settings } from '../settings/definition.js';
import type { NamedKind } from '../settings/names.js';

/** What most commands need to know of a kind of source. */
export interface SourceKind extends NamedKind {
  /** The vendor's name for it. */
  readonly title: string;
  readonly retentionDays?: number;
  /** Loads the definitions of all its settings, without the source itself. */
  everySetting(): Promise<Settings>;
}

/**
 * The kinds of sources, each with the settings that set one up: the sources themselves take longer to load than most
 * commands take to answer. A test compares this with registry.ts.
 */
export const sourceKinds: readonly SourceKind[] = [
  {
    kind: 'asa',
    title: 'Okta Advanced Server Access',
    retentionDays: 90,
    settings: [{ env: 'ASA_TEAM' }, { env: 'ASA_KEY_ID' }, { env: 'ASA_KEY_SECRET' }],
    everySetting: async () => (await import('./asa/settings.js')).asaSettings,
  },
  {
    kind: 'descope',
    title: 'Descope',
    retentionDays: 30,
    settings: [{ env: 'DESCOPE_PROJECT_ID' }, { env: 'DESCOPE_MANAGEMENT_KEY' }],
    everySetting: async () => (await import('./descope/settings.js')).descopeSettings,
  },
  {
    kind: 'skyflow',
    title: 'Skyflow',
    settings: [
      { env: 'SKYFLOW_ACCOUNT_ID' },
      { env: 'SKYFLOW_VAULT_URL' },
      { env: 'SKYFLOW_API_KEY' },
      { env: 'SKYFLOW_CREDENTIALS' },
    ],
    everySetting: async () => (await import('./skyflow/settings.js')).skyflowSettings,
  },
];
