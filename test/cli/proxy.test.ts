import { describe, expect, it } from 'vitest';
import { isAlive } from '../../src/processes.js';
import { essence, Place, truthOf } from '../support/cli.js';
import { startForwardProxy } from '../support/proxy.js';

describe('a proxy', () => {
  it.each([
    ['HTTP_PROXY', ''],
    ['HTTP_PROXY', 'http://'],
    ['http_proxy', ''],
    ['http_proxy', 'http://'],
  ])(
    'that %s names as %sHOST:PORT gets the requests to the vendor, and nothing else',
    async (name, scheme) => {
      const proxy = await startForwardProxy();
      const { place, demo } = await Place.withDemo({ events: 30 }, { [name]: `${scheme}ada:s%20t@${proxy.place}` });
      const collected = await place.run('collect', 'asa');
      expect(collected, collected.stderr).toMatchObject({ code: 0 });
      expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
      expect(proxy.asked.length).toBeGreaterThan(0);
      expect(proxy.asked.filter((url) => !url.startsWith(demo.baseUrl))).toEqual([]);
      expect([...proxy.authorizations]).toEqual([`Basic ${Buffer.from('ada:s t').toString('base64')}`]);

      const check = await place.run('check', 'asa');
      expect(check.stdout).toContain(`the proxy ${proxy.place}`);
      expect(check.code, check.stdout).toBe(0);
    },
    120_000,
  );

  it.each(['127.0.0.1', '127.0.0.0/8'])('is bypassed for NO_PROXY=%s, and trawl check says so', async (exempt) => {
    const proxy = await startForwardProxy();
    const { place } = await Place.withDemo({ events: 3 }, { HTTP_PROXY: proxy.place, NO_PROXY: exempt });
    const check = await place.run('check', 'asa');
    expect(check.stdout).not.toContain('the proxy');
    expect(check.code, check.stdout).toBe(0);
    expect(proxy.asked).toEqual([]);
  });

  it('for TLS is asked for a tunnel, by HTTPS_PROXY without a scheme', async () => {
    const proxy = await startForwardProxy();
    const settings = { HTTPS_PROXY: proxy.place, ASA_BASE_URL: 'https://asa.invalid/v1' };
    const { place } = await Place.withDemo({ events: 3 }, settings);
    expect((await place.run('check', 'asa')).code).toBe(1);
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT asa.invalid:443']));
  });
});

describe('invalid settings of a proxy', () => {
  it.each([
    ['HTTPS_PROXY', 'socks5://ada:hunter2@proxy.corp:1080'],
    ['https_proxy', 'http://ada:hunter2@'],
    ['HTTP_PROXY', 'ada:hunter2@proxy corp:3128'],
    ['http_proxy', 'ada:%zzhunter2@proxy.corp:3128'],
  ])(
    'in %s end trawl check and trawl collect with an error',
    async (name, value) => {
      const { place } = await Place.withDemo({ events: 3 }, { [name]: value });
      for (const args of [
        ['check', 'asa'],
        ['collect', 'asa'],
      ]) {
        const ended = await place.run(...args);
        expect(ended, ended.stderr).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(`error: ${name} .*SETTINGS_INVALID`),
        });
        expect(ended.stdout + ended.stderr).not.toContain('hunter2');
      }
      const server = place.serverPid();
      expect(server === undefined || !isAlive(server)).toBe(true);
    },
    120_000,
  );
});
