import { type DemoOptions, demos } from '../../demo/registry.js';
import { interrupted } from '../interrupt.js';
import { print, tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';

/** `trawl demo [SOURCE]`: a demo server alone, for curl and for trying settings. */
export async function demo(source: string, options: DemoOptions): Promise<number> {
  const start = demos[source];
  if (!start) {
    throw new WrongCall(
      `There is no demo of ${JSON.stringify(source)}.`,
      `Use one of: ${Object.keys(demos).join(', ')}.`,
    );
  }
  const ended = interrupted();
  const server = await start(options);
  await print(
    `${Object.entries(server.env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('')}\n`,
  );
  tell(`${server.what} answers there until Ctrl-C. For example:`);
  for (const line of server.examples) tell(`  ${line}`);
  await ended;
  await server.close();
  return 0;
}
