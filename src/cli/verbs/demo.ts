import { startDemoAsa } from '../../demo/asa/server.js';
import { interrupted } from '../interrupt.js';
import { print, tell } from '../output.js';

export interface DemoOptions {
  port: number;
  events: number;
  seed: number;
  /** A new event each so many milliseconds; 0 for none. */
  interval: number;
  latency: number;
}

/** `trawl demo`: the demo ASA team alone, for curl and for trying settings. */
export async function demo(options: DemoOptions): Promise<number> {
  const ended = interrupted();
  const server = await startDemoAsa({
    port: options.port,
    events: options.events,
    seed: options.seed,
    arrivalIntervalMs: options.interval,
    latencyMs: options.latency,
  });
  await print(
    [
      `ASA_BASE_URL=${server.baseUrl}`,
      `ASA_TEAM=${server.team}`,
      `ASA_KEY_ID=${server.keyId}`,
      `ASA_KEY_SECRET=${server.keySecret}`,
      '',
    ].join('\n'),
  );
  tell('A demo ASA team answers there until Ctrl-C. For example:');
  tell(
    `  TOKEN=$(curl -s ${server.baseUrl}/teams/${server.team}/service_token -d '{"key_id":"${server.keyId}","key_secret":"${server.keySecret}"}' | sed 's/.*"bearer_token":"\\([^"]*\\)".*/\\1/')`,
  );
  tell(`  curl -s -H "Authorization: Bearer $TOKEN" '${server.baseUrl}/teams/${server.team}/auditsV2?count=2' -i`);
  await ended;
  await server.close();
  return 0;
}
