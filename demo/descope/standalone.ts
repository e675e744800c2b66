import type { DemoOptions, StandaloneDemo } from '../standalone.js';
import { startDemoDescope } from './server.js';

export async function startStandaloneDescope(options: DemoOptions): Promise<StandaloneDemo> {
  const { baseUrl, projectId, managementKey, close } = await startDemoDescope(options);
  return {
    what: 'A demo Descope project',
    env: { DESCOPE_BASE_URL: baseUrl, DESCOPE_PROJECT_ID: projectId, DESCOPE_MANAGEMENT_KEY: managementKey },
    examples: [
      `curl -s -H 'Authorization: Bearer ${projectId}:${managementKey}' ${baseUrl}/v1/mgmt/audit/search -d '{"size":2}'`,
    ],
    close,
  };
}
