import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Place } from '../support/cli.js';

it('a store that was set back signs nothing until it is continued, and says which history ended', async () => {
  const { place, demo } = await Place.withDemo(
    { events: 250 },
    { TRAWL_STORE: 'sqlite:data/trawl.db', SEARCH_COUNT: '100' },
  );
  const path = (name: string) => join(place.folder, name);
  const vkey = (await place.run('proof', 'key', 'key', '--as', 'trawl.example')).stdout.trim();
  Object.assign(place.env, { TRAWL_PROOF_KEY_FILE: path('key') });
  mkdirSync(path('archive'));
  await place.run('env', 'set', 'sink:archive', 'kind=files', `path=${path('archive')}`);
  await place.run('env', 'set', 'asa', 'offload=archive');
  const collected = async () => {
    expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });
    expect(await place.run('offload', 'asa')).toMatchObject({ code: 0 });
  };
  const heads = () => {
    const base = path('archive/_proof/asa');
    return readdirSync(base)
      .sort()
      .map((one) => readdirSync(join(base, one, 'heads')).sort());
  };
  const problems = async () => {
    const { stdout } = await place.run('status', 'asa', '--json');
    return stdout;
  };

  await collected();
  expect(heads()).toEqual([[expect.stringMatching(/^\d{12}\.note$/)]]);
  await place.run('store', 'backup', 'copy.db');
  demo.addEvents(100);
  await collected();
  const newest = heads()[0]!.at(-1)!;
  expect(await place.run('store', 'restore', 'copy.db', '--force')).toMatchObject({ code: 0 });
  demo.addEvents(30);
  await collected();
  expect(await problems()).toContain('PROOF_FORKED');
  const key = ['--key', vkey];
  expect(await place.run('verify', 'asa', ...key)).toMatchObject({
    code: 4,
    stdout: expect.stringMatching(/entries \d+ to \d+ of the journal are not signed/),
  });

  expect(await place.run('proof', 'continue', 'asa')).toMatchObject({ code: 0 });
  expect(await place.run('proof', 'continue', 'asa')).toMatchObject({ code: 1 });
  demo.addEvents(30);
  await collected();
  expect(await problems()).not.toContain('PROOF_FORKED');
  expect(await place.run('verify', 'asa', ...key)).toMatchObject({ code: 0 });
  expect(heads()).toHaveLength(2);
  const [base] = readdirSync(path('archive/_proof/asa')).sort();
  const lost = path(`archive/_proof/asa/${base}/heads/${newest}`);
  expect(await place.run('verify', 'asa', ...key, '--head', lost)).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('the store was set back at'),
  });
}, 180_000);
