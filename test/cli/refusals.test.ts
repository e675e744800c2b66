import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';

describe('trawl collect refuses', () => {
  it.each([
    ['wrong credentials', { ASA_KEY_SECRET: 'wrong' }, 'Check ASA_KEY_ID and ASA_KEY_SECRET; if the key was'],
    ['a wrong team', { ASA_TEAM: 'nobody' }, 'Check ASA_TEAM and ASA_BASE_URL'],
    [
      'settings that are missing',
      { ASA_KEY_ID: '', ASA_KEY_SECRET: '' },
      'ASA_KEY_SECRET (or ASA_KEY_SECRET_FILE) is missing',
    ],
    [
      'a secret file that is not there',
      { ASA_KEY_SECRET: '', ASA_KEY_SECRET_FILE: '/nowhere' },
      'ASA_KEY_SECRET_FILE names a file that cannot be read',
    ],
    ['an unknown setting', { TRAWL_DATTA: 'x' }, 'unknown setting TRAWL_DATTA'],
    ['a Temporal server that is not there', { TEMPORAL_ADDRESS: '127.0.0.1:9' }, 'Check TEMPORAL_ADDRESS'],
  ])('%s: exits 1 and says what to do', async (_, settings, message) => {
    const { place } = await Place.withDemo({ events: 10 }, settings);
    const ended = await place.run('collect', 'asa');
    expect(ended.stderr).toContain(message);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).not.toContain(place.env.ASA_KEY_SECRET || 'never');
  });

  it('credentials that are set in the table: names them so, by their own code, and no UI that has ended', async () => {
    const { place } = await Place.withDemo({ events: 10 }, { ASA_KEY_ID: '' });
    await place.run('env', 'set', 'asa', 'asaKeyId=00000000-0000-4000-8000-000000000000');
    const { stderr } = await place.run('collect', 'asa');
    expect(stderr).toContain('Check asaKeyId in the table and ASA_KEY_SECRET;');
    expect(stderr).toMatch(/The collected events are kept\. \[CREDENTIALS_REFUSED\]\n$/);
  });

  it('an unknown collector, and events where there is no store', async () => {
    const { place } = await Place.withDemo({ events: 10 });
    expect(await place.run('events')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no store'),
    });
    expect(await place.run('query', 'SELECT 1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no store'),
    });
    const unknown = await place.run('collect', 'nobody', '--json');
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'COLLECTOR_UNKNOWN' } });
    expect(unknown.code).toBe(1);
    // A wrong call ends the process with 2; test/unit/wrong-calls.test.ts has the rest.
    expect(await place.run('bogus')).toMatchObject({ code: 2, stdout: '' });
  });
});

it('trawl offload says at once why a sink takes nothing, whoever began the offload', async () => {
  const { place } = await Place.withDemo(
    { events: 10 },
    { OFFLOAD: 'disk', OFFLOAD_WHEN: 'own-schedule', SINK_DISK_KIND: 'files' },
  );
  place.env.SINK_DISK_PATH = join(place.folder, 'missing');
  await place.collected();
  const count = await place.run('query', '--json', 'SELECT count(*) AS n FROM audit_events');
  expect(count).toMatchObject({ code: 0, stdout: '[\n{"n":10}\n]\n', stderr: '' });
  const offload = place.start('offload', 'asa');
  await until('it says why', () => offload.stderr.includes('is being retried (attempt 2)'));
  expect(offload.stderr).toMatch(/^asa: sending to disk is being retried .*missing is not there\. Create it/m);
  offload.signal('SIGINT');
  expect(await offload.ended).toMatchObject({ code: 130 });
  const again = place.start('offload', 'asa');
  await until('it says why', () => again.stderr.includes('is being retried'));
  expect(again.stderr).toContain('Another offload is under way');
  again.signal('SIGINT');
  expect(await again.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('confirmed events are kept') });
});

describe('trawl env', () => {
  it('sets, shows and removes settings, and refuses what is wrong or secret', async () => {
    const place = new Place();
    expect(await place.run('env', 'set', 'acme', 'source=asa', 'asaTeam=acme', 'searchCount=50')).toMatchObject({
      code: 0,
    });
    expect(JSON.parse((await place.run('env', 'get', '--json')).stdout)).toEqual({
      acme: { source: 'asa', asaTeam: 'acme', searchCount: '50' },
    });
    const refused = await place.run('env', 'set', 'acme', 'asaKeySecret=marked-secret');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('asaKeySecretFile=/path/to/file') });
    expect(refused.stderr).not.toContain('marked-secret');
    expect((await place.run('env', 'set', 'acme', 'searchCount=0')).stderr).toContain('from 1 to 1000');
    expect((await place.run('env', 'set', 'acme', 'teem=x')).stderr).toContain('unknown setting "teem" of source asa');
    expect((await place.run('env', 'set', 'Bad Name', 'source=asa')).stderr).toContain(
      'cannot be the name of a collector',
    );
    await place.run('env', 'unset', 'acme', 'searchCount');
    expect(JSON.parse((await place.run('env', 'get', 'acme', '--json')).stdout)).toEqual({
      acme: { source: 'asa', asaTeam: 'acme' },
    });
    expect((await place.run('env', 'unset', 'acme', 'searchCount')).code).toBe(1);
  });
});
