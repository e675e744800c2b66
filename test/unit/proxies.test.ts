import { describe, expect, it } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { readProxies } from '../../src/http/proxies.js';

const through = (env: Record<string, string>, url = 'https://api.example/v1') =>
  readProxies(env)(new URL(url))?.url.href;

describe('the value of a proxy', () => {
  it.each([
    ['proxy.corp:3128', 'http://proxy.corp:3128/'],
    [' proxy.corp ', 'http://proxy.corp/'],
    ['10.1.2.3:8080', 'http://10.1.2.3:8080/'],
    ['[fd00::1]:3128', 'http://[fd00::1]:3128/'],
    ['ada:s3cret@proxy.corp:3128', 'http://proxy.corp:3128/'],
    ['http://proxy.corp:3128/', 'http://proxy.corp:3128/'],
    ['HTTPS://proxy.corp', 'https://proxy.corp/'],
  ])('%j is %s', (value, url) => {
    expect(through({ HTTPS_PROXY: value })).toBe(url);
  });

  it.each(['socks5://proxy.corp', 'http://', '://x', 'proxy.corp:port', 'a b', 'ftp://proxy.corp', 'u:%zz@proxy.corp'])(
    '%j is refused with the name of its variable',
    (value) => {
      const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
      for (const name of names) {
        const read = () => readProxies({ [name]: value });
        expect(read).toThrow(TrawlError);
        expect(read).toThrow(new RegExp(`^${name} must be`));
      }
    },
  );

  it('may have credentials, which are not in the URL', () => {
    const proxy = readProxies({ HTTP_PROXY: 'http://ada:p%40ss@proxy.corp' })(new URL('http://api.example'))!;
    expect(proxy.authorization).toBe(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
    expect(JSON.stringify(proxy.url)).not.toContain('ada');
  });

  it('comes from the lower-case variable first, and for https from HTTP_PROXY if there is no other', () => {
    expect(through({ HTTPS_PROXY: 'upper', https_proxy: 'lower' })).toBe('http://lower/');
    expect(through({ HTTP_PROXY: 'plain' })).toBe('http://plain/');
    expect(through({ HTTPS_PROXY: 'tls' }, 'http://api.example')).toBeUndefined();
    expect(through({ HTTPS_PROXY: '', https_proxy: ' ' })).toBeUndefined();
  });
});

describe('NO_PROXY', () => {
  it.each([
    ['*', 'https://api.example', true],
    ['api.example', 'https://api.example', true],
    ['API.example', 'https://api.EXAMPLE', true],
    ['example', 'https://api.example', true],
    ['.example', 'https://api.example', true],
    ['*.example', 'https://api.example', true],
    ['ple', 'https://api.example', false],
    ['api.example:443', 'https://api.example', true],
    ['api.example:8443', 'https://api.example', false],
    ['10.0.0.0/8', 'http://10.200.3.4:8088', true],
    ['10.0.0.0/8', 'http://11.0.0.1', false],
    ['10.0.0.0/8', 'http://ten.example', false],
    ['fd00::/8', 'http://[fd12::1]:8088', true],
    ['fd12::1', 'http://[fd12::1]', true],
    ['[fd12::1]:80', 'http://[fd12::1]', true],
    ['10.0.0.0/99 <local>, api.example', 'https://api.example', true],
    ['10.0.0.0/99, <local>', 'http://10.0.0.1', false],
  ])('%j for %s: direct is %s', (exempt, url, straight) => {
    const proxies = { HTTP_PROXY: 'proxy.corp', HTTPS_PROXY: 'proxy.corp' };
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(through({ ...proxies, [name]: exempt }, url) === undefined).toBe(straight);
  });
});
