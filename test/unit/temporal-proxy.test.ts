import { describe, expect, it } from 'vitest';
import { configuredTemporal } from '../../src/temporal/connection.js';
import { clientOptions } from '../../src/temporal/proxy.js';

/** As the process settings do, an empty variable counts as not set. */
const addressOf = (env: Record<string, string>) =>
  configuredTemporal(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))!;
const proxyOf = (env: Record<string, string>) => addressOf(env).connection.proxy;
const cloud = { TEMPORAL_ADDRESS: 'audit.tmprl.example:7233', TEMPORAL_API_KEY: 'key' };
const proxied = { HTTPS_PROXY: 'http://ada:p%40ss@proxy.corp:3128' };

describe('the proxy of a Temporal server', () => {
  it.each([
    ['with an API key', {}],
    ['with TLS', { TEMPORAL_API_KEY: '', TEMPORAL_TLS: 'true' }],
    ['that NO_PROXY does not list', { NO_PROXY: 'audit.tmprl.example:443,other.example' }],
  ])('%s is that of https', (_, more) => {
    expect(proxyOf({ ...cloud, ...proxied, ...more })).toEqual({
      type: 'http-connect',
      targetHost: 'proxy.corp:3128',
      basicAuth: { username: 'ada', password: 'p@ss' },
    });
  });

  it('may be named without a scheme, a port or credentials', () => {
    expect(proxyOf({ ...cloud, https_proxy: 'proxy.corp' })).toEqual({
      type: 'http-connect',
      targetHost: 'proxy.corp:80',
    });
  });

  it.each([
    ['without TLS', { TEMPORAL_API_KEY: '' }],
    ['that NO_PROXY lists', { NO_PROXY: '.tmprl.example' }],
    ['that NO_PROXY lists with its port', { NO_PROXY: 'audit.tmprl.example:7233' }],
    ['on this machine', { TEMPORAL_ADDRESS: 'localhost:7233' }],
    ['at an address of this machine', { TEMPORAL_ADDRESS: '127.0.0.2:7233' }],
    ['at the IPv6 address of this machine', { TEMPORAL_ADDRESS: '[::1]:7233' }],
  ])('%s is none', (_, more) => {
    expect(proxyOf({ ...cloud, ...proxied, ...more })).toBeUndefined();
  });

  it.each(['https://proxy.corp', 'socks5://proxy.corp'])('cannot be %s', (value) => {
    expect(() => proxyOf({ ...cloud, HTTPS_PROXY: value })).toThrow(/HTTPS_PROXY/);
  });
});

it('a client is never left to the proxies of the gRPC library', () => {
  for (const env of [cloud, { ...cloud, ...proxied }, { TEMPORAL_ADDRESS: 'temporal:7233', ...proxied }]) {
    const { channelArgs } = clientOptions(addressOf(env).connection);
    expect(channelArgs).toMatchObject({ 'grpc.enable_http_proxy': 0 });
  }
});
