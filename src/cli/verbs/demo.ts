import { demos } from '../../../demo/registry.js';
import type { DemoOptions } from '../../../demo/standalone.js';
import { interrupted } from '../interrupt.js';
import { print, tell } from '../output.js';

/** `trawl demo [SOURCE]`: runs only a demo server, for curl and for trying out settings. */
export async function demo(
  source: string,
  options: Omit<DemoOptions, 'events'> & { events?: number },
): Promise<number> {
  const { events, start } = demos[source]!;
  const ended = interrupted();
  const server = await start({ events, ...options });
  await print(
    `${Object.entries(server.env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('')}\n`,
  );
  tell(`${server.what} is running there until Ctrl-C. For example:`);
  for (const line of server.examples) tell(`  ${line}`);
  await ended;
  await server.close();
  return 0;
}
