import { describe, expect, it } from 'vitest';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';

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
    // Nine processes one after the other, two of them with a server of their own.
  }, 180_000);
});

describe('trawl events', () => {
  it('follows new events until Ctrl-C', async () => {
    const { place, demo } = await Place.withDemo({ events: 5 });
    await place.collected();
    const following = place.start('events', '--format', 'ndjson', '--follow');
    await until('the first five are written', () => following.stdout.split('\n').length === 6);
    demo.addEvents(2);
    await place.collected();
    await until('the new ones follow', () => following.stdout.split('\n').length === 8);
    following.signal('SIGINT');
    expect((await following.ended).code).toBe(0);
  });
});
