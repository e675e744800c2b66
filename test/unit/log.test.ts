import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { printable } from '../../src/printable.js';

const run = promisify(execFile);
const type = 'a\u001b]0;owned\u0007\u009b31m\u202eb\r\nforged: line';

/** Logs as a worker does of an event type that it does not know, and of an error with a stack. */
const script = `
  import { createLogger } from ${JSON.stringify(join(root, 'dist/src/log.js'))};
  import { tell } from ${JSON.stringify(join(root, 'dist/src/cli/output.js'))};
  const type = ${JSON.stringify(type)};
  const logger = createLogger({});
  logger.warn({ type, [type]: [type] }, 'No mapping exists: ' + type);
  logger.error(new Error(type));
  tell(type);
`;
const command = [process.execPath, '--input-type=module', '-e', script];

/** The colours of the log itself. */
const colours = /\u001b\[\d*m/g;

it.runIf(process.platform === 'linux')(
  'a text of a vendor cannot control the terminal that shows the log',
  async () => {
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const { stdout } = await run('script', ['-qec', quoted, '/dev/null']);
    expect(stdout).toContain('No mapping exists');
    const lines = stdout.replace(colours, '').split(/\r?\n/);
    expect(lines.filter((line) => printable(line) !== line)).toEqual([]);
    // What the caller breaks into lines stays so; a vendor's text has passed through errors and logs by then.
    expect(lines.filter((line) => line.startsWith('forged'))).toHaveLength(1);
  },
);

it('and neither can the log as JSON, which says the same', async () => {
  const { stderr } = await run(command[0]!, command.slice(1));
  const lines = stderr.trimEnd().split('\n');
  expect(lines.filter((line) => printable(line) !== line)).toEqual([]);
  expect(JSON.parse(lines[0]!)).toMatchObject({ type, [type]: [type], msg: `No mapping exists: ${type}` });
});
