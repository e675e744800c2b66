import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { attempted, fromDebian, testCache } from './debian.js';

const module = 'github.com/prometheus/prometheus/cmd/promtool@v0.42.0';

/** The one on the PATH, else a cached one, else Debian's, else one that Go builds in a few minutes. */
export function promtool(): string {
  mkdirSync(testCache, { recursive: true });
  const places = ['promtool', join(testCache, 'prometheus', 'usr', 'bin', 'promtool'), join(testCache, 'promtool')];
  const bring = [
    () => undefined,
    () => fromDebian('prometheus', ['prometheus']),
    () => attempted('go', ['install', module], testCache, { ...process.env, GOBIN: testCache }),
  ];
  for (const how of bring) {
    how();
    for (const program of places) if (attempted(program, ['--version'])) return program;
  }
  throw new Error('There is no promtool, and neither apt-get nor Go can provide one.');
}
