import { BlockList, isIP } from 'node:net';

/** True for an address of this machine that no other one can reach. */
export function isLoopback(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8);
  own.addAddress('::1', 'ipv6');
  return own.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** True for the host of a URL, with or without brackets, that does not lead away from this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host.replace(/^\[|\]$/g, ''));
}
