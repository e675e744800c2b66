import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { eventFormats } from '../../src/cli/event-formats.js';
import { printable } from '../../src/cli/output.js';
import { essence, Place, truthOf } from '../support/cli.js';

const time = '2026-01-01T00:00:00.123456789Z';
const deep = 50_000;

/** Members of an event's details, as JSON text that an attacker could bring into a vendor's log by causing an event. */
const hostile: Record<string, string> = {
  'a script': '"actor":"<script>alert(1)</script>","type":"</td><img src=x onerror=alert(1)>"',
  'escapes of a terminal': '"type":"\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m","actor":"a\\r\\nb\\u202ec"',
  'formula cells': '"type":"=cmd|\' /C calc\'!A0","actor":"@SUM(1+1)*cmd","client":"+1","server":"-2+3"',
  'NUL bytes': '"type":"a\\u0000b","actor":"\\u0000"',
  'half surrogates': '"type":"\\ud800","actor":"x\\udc00y"',
  'deep nesting': `"type":"deep","d":${'['.repeat(deep)}${']'.repeat(deep)},"o":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  'a string of 10 MB': `"type":"long","actor":"${'x'.repeat(10 * 1024 * 1024)}"`,
  'names of the language': '"type":"names","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}}',
  'a key twice': '"type":"first","n":1,"type":"last","n":2',
  'numbers beyond 2^53': '"type":"numbers","a":12345678901234567890,"b":1e400,"c":1.10,"d":-0,"e":9007199254740993',
  'a name in place of an object': '"type":["toString"],"actor":{"valueOf":null},"user":true',
  'SQL and shell': '"type":"\'); DROP TABLE audit_events; --","actor":"$(reboot)`reboot`"',
};

/** Output of a verb on a terminal. */
async function onTerminal(place: Place, ...args: string[]): Promise<string> {
  const command = [process.execPath, join(root, 'bin', 'trawl'), ...args].map((word) => `'${word}'`).join(' ');
  const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
    cwd: place.folder,
    env: place.env,
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout;
}

it.runIf(process.platform === 'linux')(
  'hostile events are stored unchanged and shown harmlessly',
  async () => {
    const { place, demo } = await Place.withDemo({ events: 3 });
    const names = Object.keys(hostile);
    for (const [index, name] of names.entries())
      demo.insertRaw(`{"id":"hostile-${index}","timestamp":"${time}","details":{${hostile[name]}}}`);
    await place.collected();

    const exported = await place.exported();
    expect(exported.map(essence)).toEqual(truthOf(demo));
    for (const [index, name] of names.entries())
      expect(exported[index + 3], name).toContain(`"raw_event":{${hostile[name]}}`);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();

    for (const format of eventFormats) {
      const shown = await onTerminal(place, 'events', 'asa', '--format', format);
      // Its own line ends are the only control characters.
      const controls = shown.split(/\r?\n/).filter((line) => printable(line) !== line);
      expect(
        controls.map((line) => line.slice(0, 200)),
        format,
      ).toEqual([]);
      expect(shown.length).toBeGreaterThan(1_000);
    }
    const { stdout } = await place.run('events', 'asa', '--format', 'csv', '--type', '=cmd*');
    expect(stdout).toContain(",'=cmd|");
    expect(await place.run('status')).toMatchObject({ code: 0 });
  },
  120_000,
);
