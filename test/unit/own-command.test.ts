import { expect, it } from 'vitest';
import { ownCommand } from '../../src/cli/own-command.js';

it.each([
  ['in a checkout', {}, '/work/trawl/bin/trawl', '/work/trawl', 'bin/trawl'],
  ['of a checkout from elsewhere', {}, '/work/trawl/bin/trawl', '/home/ada', '/work/trawl/bin/trawl'],
  ['by npx', { npm_command: 'exec', PATH: '/w/node_modules/.bin' }, '/w/node_modules/.bin/trawl', '/w', 'npx trawl'],
  ['installed globally', { PATH: '/bin:/usr/local/bin' }, '/usr/local/bin/trawl', '/home/ada', 'trawl'],
  ['installed in the folder', { PATH: '/bin' }, '/w/node_modules/.bin/trawl', '/w', 'node_modules/.bin/trawl'],
])('the command %s', (_, env, script, folder, command) => {
  expect(ownCommand(env, script, folder)).toBe(command);
});
