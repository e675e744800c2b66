import { describe, expect, it } from 'vitest';
import { eventLine } from '../../src/event-line.js';
import { SyslogClient } from '../../src/sinks/syslog/client.js';
import { syslog } from '../../src/sinks/syslog/sink.js';
import { until } from '../support/collection.js';
import { noReceiver, startRsyslog, startSyslogNg } from '../support/syslog.js';
import { demoEvents } from '../unit/schemas/demo-events.js';
import { batchOf, event, hostileEvents, settingsOf } from '../unit/sinks/support.js';

const controls = event(1, { actor: 'a\t\u007f\u0085\u009bb', rawEvent: '{\t"text" :\t"\u007f\u0085\\t" }' });
const long = event(1, { rawEvent: JSON.stringify({ text: 'é'.repeat(32 * 1024) }) });
const events = [...hostileEvents, controls, long, ...demoEvents.asa!(100)].map((one, at) => ({ ...one, seq: at + 1 }));

describe.each([
  ['rsyslog with mmjsonparse', startRsyslog],
  ['syslog-ng', startSyslogNg],
])('a real %s over TLS', (_, start) => {
  it('gets every byte of every event, and parses it', async ({ skip }) => {
    const receiver = (await start()) ?? skip(noReceiver);
    const variables = { ADDRESS: '127.0.0.1', PORT: String(receiver.port), CA_FILE: receiver.caFile };
    const client = new SyslogClient(settingsOf(syslog, { ...variables, MAX_MESSAGE_BYTES: '262144' }));
    await client.check();
    expect(await client.send(batchOf(events))).toMatchObject({ refused: [] });
    await until('it has written them', () => receiver.messages().length >= events.length);
    const stored = events.map((one) => eventLine(one).replaceAll('\t', ' ').replaceAll('\u007f', '\\u007f'));
    // Compared one by one, since a difference in thousands of bytes is not readable.
    for (const [at, message] of receiver.messages().entries())
      expect(message.equals(Buffer.from(stored[at]!))).toBe(true);
    expect(receiver.messages()).toHaveLength(stored.length);
    await until('it has parsed them', () => receiver.parsed().length >= events.length);
    expect(receiver.parsed()).toEqual(events.map(({ seq }) => String(seq)));
  }, 120_000);
});
