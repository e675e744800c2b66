import type { DemoOptions, StandaloneDemo } from '../standalone.js';
import { startDemoSkyflow } from './server.js';

export async function startStandaloneSkyflow(options: DemoOptions): Promise<StandaloneDemo> {
  const { vaultUrl, accountId, signIn, close } = await startDemoSkyflow(options);
  return {
    what: 'A demo Skyflow vault',
    env: { SKYFLOW_VAULT_URL: vaultUrl, SKYFLOW_ACCOUNT_ID: accountId, SKYFLOW_API_KEY: signIn.apiKey },
    examples: [
      `curl -s -H 'Authorization: Bearer ${signIn.apiKey}' '${vaultUrl}/v1/audit/events?filterOps.accountID=${accountId}&limit=2'`,
    ],
    close,
  };
}
