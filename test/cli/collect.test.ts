import { describe, expect, it } from 'vitest';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';
import { testStore } from '../support/store.js';

describe('trawl collect', () => {
  it('starts what it needs, collects, exits with 0, and exports the events of the source', async () => {
    const { place, demo } = await Place.withDemo({ events: 3_000 }, { SEARCH_COUNT: '500' });
    demo.insertRaw(
      '{"id":"hostile","timestamp":"2026-01-01T00:00:00.5Z","details":{"type":"=cmd()","n":12345678901234567890.10,\n "hostname":"\\u001b[31m+x","__proto__":{},"a":1,"a":2}}',
    );
    const collected = await place.run('collect', 'asa');
    expect(collected.stderr).not.toContain('error:');
    expect(collected).toMatchObject({ code: 0, stdout: '' });
    expect(collected.stderr).toContain('asa: caught up, 3,001 new events');
    const lines = await place.exported();
    expect(lines.map(essence)).toEqual(truthOf(demo).map((line) => line.replaceAll('\n', ' ')));
    expect(Object.keys(JSON.parse(lines[0]!))).toEqual([
      ...['collector', 'seq', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project'],
      ...['hostname', 'server', 'from_addr', 'raw_event', 'collected_at'],
    ]);

    const again = await place.run('collect', 'asa', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ state: 'caught up', newEvents: 0, requests: 1 });
    expect(demo.requests.audits).toBe(8);

    const csv = (await place.run('events', '--format', 'csv', '--type', '=cmd()')).stdout;
    expect(csv.split('\n')[0]).toBe(
      'collector,seq,id,timestamp,type,actor,user,client,gateway,group,project,hostname,server,from_addr,raw_event,extra,collected_at',
    );
    expect(csv).toContain(",'=cmd(),");
    const json = JSON.parse(
      (await place.run('events', '--format', 'json', '--since', '2000-01-01', '--limit', '2')).stdout,
    );
    expect(json.map((event: { seq: number }) => event.seq)).toEqual([1, 2]);
    const array = (await place.run('events', '--format', 'json')).stdout;
    expect(array).toBe(`[\n${lines.join(',\n')}\n]\n`);
    const text = (await place.run('events', '--type', '=cmd()')).stdout;
    expect(text).not.toContain('\u001b');

    const log = JSON.parse((await place.run('log', 'asa', '--json')).stdout);
    expect(log.at(-1)).toMatchObject({ collector: 'asa', eventsWritten: 0, notes: 'No new events' });
    const status = JSON.parse((await place.run('status', '--json')).stdout);
    expect(status.collectors[0]).toMatchObject({ collector: 'asa', events: 3_001, rejected: 0 });
  });

  it.each([
    ['wrong credentials', { ASA_KEY_SECRET: 'wrong' }, 'Check ASA_KEY_ID and ASA_KEY_SECRET'],
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
  ])('%s: exits with 1 and says what to do', async (_, settings, message) => {
    const { place } = await Place.withDemo({ events: 10 }, settings);
    const ended = await place.run('collect', 'asa');
    expect(ended.stderr).toContain(message);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).not.toContain(place.env.ASA_KEY_SECRET || 'never');
  });

  it('refuses an unknown collector, a wrong verb and a wrong flag', async () => {
    const { place } = await Place.withDemo({ events: 10 });
    if (testStore === 'sqlite')
      expect(await place.run('events')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('There is no store'),
      });
    const unknown = await place.run('collect', 'nobody', '--json');
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'COLLECTOR_UNKNOWN' } });
    expect(unknown.code).toBe(1);
    for (const args of [['bogus'], ['collect'], [], ['env', 'set', 'asa', 'searchCount'], ['demo', 'bogus']]) {
      expect(await place.run(...args), args.join(' ')).toMatchObject({ code: 2, stdout: '' });
    }
    for (const [verb, ...option] of [
      ['events', '--format', 'xml'],
      ['events', '--limit', '0'],
      ['events', '--format=json', '--since', 'foo'],
      ['events', '--format=json', '--follow'],
      ['log', '--limit', 'x'],
      ['up', '--port', '65536'],
      ['demo', '--interval=-1'],
    ]) {
      expect(await place.run(verb!, ...option), option.join(' ')).toMatchObject({ code: 2, stdout: '' });
    }
  });
});

describe('trawl events', () => {
  it('follows new events until Ctrl-C', async () => {
    const { place, demo } = await Place.withDemo({ events: 5 });
    await place.run('collect', 'asa');
    const following = place.start('events', '--format', 'ndjson', '--follow');
    await until('the first five are written', () => following.stdout.split('\n').length === 6);
    demo.addEvents(2);
    await place.run('collect', 'asa');
    await until('the new ones follow', () => following.stdout.split('\n').length === 8);
    following.signal('SIGINT');
    expect((await following.ended).code).toBe(0);
  });
});

describe('trawl env', () => {
  it('sets, shows and removes settings, and refuses invalid values and secrets', async () => {
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
