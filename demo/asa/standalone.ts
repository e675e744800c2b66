import type { DemoOptions, StandaloneDemo } from '../standalone.js';
import { startDemoAsa } from './server.js';

export async function startStandaloneAsa(options: DemoOptions): Promise<StandaloneDemo> {
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
}
