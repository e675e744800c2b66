import { describe, expect, it } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { authorizationOf, readProxies } from '../../src/http/proxies.js';

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

  it.each([
    'socks5://proxy.corp',
    'http://',
    '://x',
    'proxy.corp:port',
    'proxy.corp:0',
    'proxy.corp:99999',
    'a b',
    'ftp://proxy.corp',
    'http:/proxy.corp:3128',
    'fd00::1',
    '"http://proxy.corp:3128"',
    'http://proxy.corp:3128\u200b',
    'http://pro\txy.corp',
    'http://proxy.corp/path',
    'u:%zz@proxy.corp',
    'http://u:12/3@proxy.corp:3128',
    'http://u:12?3@proxy.corp:3128',
    'http://u:12#3@proxy.corp:3128',
    'http://CORP\\u:12@proxy.corp:3128',
  ])('%j is refused with the name of its variable', (value) => {
    const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
    for (const name of names) {
      const read = () => readProxies({ [name]: value });
      expect(read).toThrow(TrawlError);
      expect(read).toThrow(new RegExp(`^${name} must be`));
    }
  });

  it('may have credentials, which are not in the URL', () => {
    const proxy = readProxies({ HTTP_PROXY: 'http://ada:p%40ss@proxy.corp' })(new URL('http://api.example'))!;
    expect(authorizationOf(proxy)).toBe(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
    expect(JSON.stringify(proxy.url)).not.toContain('ada');
    const other = (value: string) => readProxies({ HTTP_PROXY: value })(new URL('http://api.example'))?.credentials;
    expect(other('ada:p@ss:w%2Frd@proxy.corp')).toEqual({ username: 'ada', password: 'p@ss:w/rd' });
    expect(other('http://CORP%5Cada@proxy.corp')).toEqual({ username: 'CORP\\ada', password: '' });
    expect(other('http://proxy.corp')).toBeUndefined();
  });

  it('comes from the lower-case variable first, and for https from HTTP_PROXY if there is no other', () => {
    expect(through({ HTTPS_PROXY: 'upper', https_proxy: 'lower' })).toBe('http://lower/');
    expect(through({ HTTP_PROXY: 'plain' })).toBe('http://plain/');
    expect(through({ HTTPS_PROXY: 'tls' }, 'http://api.example')).toBeUndefined();
    expect(through({ HTTPS_PROXY: '', https_proxy: ' ' })).toBeUndefined();
    expect(through({ HTTPS_PROXY: 'upper', https_proxy: '', no_proxy: ' ', NO_PROXY: 'other' })).toBe('http://upper/');
    expect(through({ HTTPS_PROXY: 'upper', no_proxy: ' ', NO_PROXY: 'api.example' })).toBeUndefined();
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
    ['FD12:0:0:0::1', 'http://[fd12::1]', true],
    ['[fd12::1]', 'http://[fd12::2]', false],
    ['[fd00::/8]:80', 'http://[fd12::1]', true],
    ['10.0.0.1', 'http://[::ffff:10.0.0.1]', true],
    ['10.0.0.0/8:8088', 'http://10.1.2.3:8088', true],
    ['10.0.0.0/8:8088', 'http://10.1.2.3:8089', false],
    ['*:443', 'https://api.example', true],
    ['*:443', 'https://api.example:8443', false],
    ['api.example.', 'https://api.example', true],
    ['api.example', 'https://api.example.', true],
    ['bücher.example', 'https://b%C3%BCcher.example', true],
    ['api.example,', 'https://other.example', false],
    [' , ', 'https://api.example', false],
    ['10.0.0.0/99 <local>, api.example', 'https://api.example', true],
    ['10.0.0.0/99, <local>', 'http://10.0.0.1', false],
  ])('%j for %s: direct is %s', (exempt, url, straight) => {
    const proxies = { HTTP_PROXY: 'proxy.corp', HTTPS_PROXY: 'proxy.corp' };
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(through({ ...proxies, [name]: exempt }, url) === undefined).toBe(straight);
  });
});
