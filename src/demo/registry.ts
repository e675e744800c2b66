import { startDemoAsa } from './asa/server.js';
import { startDemoDescope } from './descope/server.js';
import { startDemoSkyflow } from './skyflow/server.js';

export interface DemoOptions {
  port: number;
  events: number;
  seed: number;
  /** A new event each so many milliseconds; 0 for none. */
  arrivalIntervalMs: number;
  latencyMs: number;
}

/** A demo server that runs by itself. */
export interface StandaloneDemo {
  what: string;
  /** The settings of a collector that reads it. */
  env: Record<string, string>;
  /** Lines for a shell. */
  examples: string[];
  close(): Promise<void>;
}

/** The demo server of each kind of source. */
export const demos: Readonly<Record<string, (options: DemoOptions) => Promise<StandaloneDemo>>> = {
  asa: async (options) => {
    const { baseUrl, team, keyId, keySecret, close } = await startDemoAsa(options);
    return {
      what: 'A demo ASA team',
      env: { ASA_BASE_URL: baseUrl, ASA_TEAM: team, ASA_KEY_ID: keyId, ASA_KEY_SECRET: keySecret },
      examples: [
        `TOKEN=$(curl -s ${baseUrl}/teams/${team}/service_token -d '{"key_id":"${keyId}","key_secret":"${keySecret}"}' | sed 's/.*"bearer_token":"\\([^"]*\\)".*/\\1/')`,
        `curl -s -H "Authorization: Bearer $TOKEN" '${baseUrl}/teams/${team}/auditsV2?count=2' -i`,
      ],
      close,
    };
  },
  descope: async (options) => {
    const { baseUrl, projectId, managementKey, close } = await startDemoDescope(options);
    return {
      what: 'A demo Descope project',
      env: { DESCOPE_BASE_URL: baseUrl, DESCOPE_PROJECT_ID: projectId, DESCOPE_MANAGEMENT_KEY: managementKey },
      examples: [
        `curl -s -H 'Authorization: Bearer ${projectId}:${managementKey}' ${baseUrl}/v1/mgmt/audit/search -d '{"size":2}'`,
      ],
      close,
    };
  },
  skyflow: async (options) => {
    const { vaultUrl, accountId, signIn, close } = await startDemoSkyflow(options);
    return {
      what: 'A demo Skyflow vault',
      env: { SKYFLOW_VAULT_URL: vaultUrl, SKYFLOW_ACCOUNT_ID: accountId, SKYFLOW_API_KEY: signIn.apiKey },
      examples: [
        `curl -s -H 'Authorization: Bearer ${signIn.apiKey}' '${vaultUrl}/v1/audit/events?filterOps.accountID=${accountId}&limit=2'`,
      ],
      close,
    };
  },
};
