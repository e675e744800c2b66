import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfirmedPart, RefusedEvent } from '../../../src/batch.js';
import type { StoredEvent } from '../../../src/domain.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/client.js';
import { elasticsearch } from '../../../src/sinks/elasticsearch/sink.js';
import type { OutgoingBatch, SendResult, Sink } from '../../../src/sinks/sink.js';
import { splunk } from '../../../src/sinks/splunk/sink.js';
import { webhook } from '../../../src/sinks/webhook/sink.js';
import { batchOf, event, open, refusal } from './support.js';

const words = 'Duplicate field "a" of <b>\u001b[2J';

interface Kind {
  kind: string;
  sink: Sink;
  variables: Record<string, string>;
  /** Sequence numbers of the events in a request. */
  seqsOf(body: string): number[];
  /** The answer that says yes to all of them. */
  yes(body: string, nth: number): object;
}

const seqsBy = (pattern: RegExp) => (body: string) => [...body.matchAll(pattern)].map(([, seq]) => Number(seq));

const kinds: Kind[] = [
  {
    kind: 'webhook',
    sink: webhook,
    variables: { URL: 'http://hook.example', MAX_EVENTS: '20' },
    seqsOf: seqsBy(/"collector":"acme","seq":(\d+)/g),
    yes: () => ({ ok: true }),
  },
  {
    kind: 'Splunk',
    sink: splunk,
    variables: { URL: 'http://splunk.example', TOKEN: 'marked-secret', GZIP: 'no', MAX_BYTES: '10000' },
    seqsOf: seqsBy(/"trawl_seq":"(\d+)"/g),
    yes: () => ({ text: 'Success', code: 0 }),
  },
  {
    kind: 'Splunk with acknowledgement',
    sink: splunk,
    variables: {
      ...{ URL: 'http://splunk.example', TOKEN: 'marked-secret', USE_ACK: 'yes' },
      ...{ GZIP: 'no', MAX_BYTES: '10000', ACK_WAIT_SECONDS: '30' },
    },
    seqsOf: seqsBy(/"trawl_seq":"(\d+)"/g),
    yes: (_, nth) => ({ text: 'Success', code: 0, ackId: nth }),
  },
  {
    kind: 'Elasticsearch',
    sink: elasticsearch,
    variables: { URL: 'http://search.example', GZIP: 'no', MAX_BYTES: '10000' },
    seqsOf: seqsBy(/"collector":"acme","seq":(\d+)/g),
    yes: (body) => ({
      errors: false,
      items: [...body.matchAll(/^\{"index":\{"_id":"(\w+)"/gm)].map(([, _id]) => ({ index: { _id, status: 201 } })),
    }),
  },
];

interface Receiver {
  http: HttpClient;
  /** Sequence numbers of what it has stored, in the order of arrival. */
  stored: number[];
  requests: number[][];
  /** How long each request may take; ms. */
  bounds: (number | undefined)[];
}

type Judge = (
  seqs: number[],
  nth: number,
  bytes: number,
) => { status: number; body?: unknown } | 'yes' | 'killed' | 'yes, killed';

/** Killed: the sender gets no answer, before or after the receiver has stored the request. */
function receiverOf({ seqsOf, yes }: Kind, judge: Judge): Receiver {
  const [stored, requests]: [number[], number[][]] = [[], []];
  const bounds: Receiver['bounds'] = [];
  const answer = (status: number, body: unknown): HttpAnswer => ({
    status,
    headers: {},
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? '')),
  });
  const request = async (sent: HttpRequest): Promise<HttpAnswer> => {
    const body = String(sent.body);
    if (sent.url.endsWith('/ack')) {
      const { acks } = JSON.parse(body) as { acks: number[] };
      return answer(200, { acks: Object.fromEntries(acks.map((id) => [id, true])) });
    }
    const seqs = seqsOf(body);
    requests.push(seqs);
    bounds.push(sent.answerMaxMs);
    const said = judge(seqs, requests.length, body.length);
    if (said === 'yes' || said === 'yes, killed') stored.push(...seqs);
    if (said === 'killed' || said === 'yes, killed') throw new Error('killed');
    return said === 'yes' ? answer(200, yes(body, requests.length)) : answer(said.status, said.body);
  };
  return { http: { request } as unknown as HttpClient, stored, requests, bounds };
}

interface Ledger {
  lastSeq: number;
  refused: Map<number, RefusedEvent>;
}

/** Sends what is left of these events, as offloading does, and notes what the sink confirms. */
async function attempt(
  { sink, variables }: Kind,
  http: HttpClient,
  events: readonly StoredEvent[],
  ledger: Ledger,
  more: Partial<OutgoingBatch> = {},
) {
  const note = ({ refused }: Pick<ConfirmedPart, 'refused'>) => {
    for (const one of refused) ledger.refused.set(one.seq, one);
  };
  const left = events.filter(({ seq }) => seq > ledger.lastSeq);
  let refusedBefore = 0;
  while (ledger.refused.has(ledger.lastSeq - refusedBefore)) refusedBefore += 1;
  const batch: OutgoingBatch = { ...batchOf(left), refusedBefore, ...more };
  const sent: SendResult = await open(sink, variables, http).send(batch, undefined, async (part) => {
    expect(part.lastSeq).toBeGreaterThan(ledger.lastSeq);
    ledger.lastSeq = part.lastSeq;
    note(part);
  });
  note(sent);
  ledger.lastSeq = events.at(-1)!.seq;
  return sent;
}

const eventsOf = (count: number, from = 1) => Array.from({ length: count }, (_, at) => event(from + at));
const empty = (): Ledger => ({ lastSeq: 0, refused: new Map() });
const no = (status: number, body: unknown = { error: words }) => ({ status, body });

describe.each(kinds)('$kind', (kind) => {
  it.each([400, 413, 422])('that refuses some events by %i gets all others once, in order', async (status) => {
    const bad = new Set([1, 7, 8, 40, 124]);
    const large = JSON.stringify('x'.repeat(5_000));
    const { http, stored, requests } = receiverOf(kind, (seqs, _, bytes) => {
      if (status === 413) return bytes > 5_000 ? no(413) : 'yes';
      return seqs.some((seq) => bad.has(seq)) ? no(status) : 'yes';
    });
    const ledger = empty();
    const events = eventsOf(124).map((one) => (bad.has(one.seq) ? { ...one, rawEvent: large } : one));
    const { refused } = await attempt(kind, http, events, ledger);
    expect(stored).toEqual(eventsOf(124).flatMap(({ seq }) => (bad.has(seq) ? [] : [seq])));
    const reason = `The receiver answered ${status}: Duplicate field "a" of <b>\\u001b[2J.`;
    expect(refused).toEqual([...bad].map((seq) => ({ seq, id: `id-${seq}`, reason })));
    expect(requests.length).toBeLessThan(80);
  });

  it('that takes no more than so much at once gets it all', async () => {
    const { http, stored, requests } = receiverOf(kind, (seqs) => (seqs.length > 3 ? no(413, '<html>') : 'yes'));
    expect(await attempt(kind, http, eventsOf(124), empty())).toMatchObject({ refused: [] });
    expect(stored).toEqual(eventsOf(124).map(({ seq }) => seq));
    // Once it is known how much that is, no more is tried.
    expect(requests.filter((seqs) => seqs.length > 3).length).toBeLessThan(8);
  });

  it.each([400, 413])('that refuses everything by %i fails, and no event is declared refused', async (status) => {
    const { http, requests } = receiverOf(kind, () => no(status));
    const ledger = empty();
    const error = await refusal(attempt(kind, http, eventsOf(124), ledger));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', retry: false });
    expect(error.message).toMatch(/ answered 4\d\d\b.* refused more than 100 events in a row/);
    expect(ledger).toEqual(empty());
    expect(requests.length).toBeLessThan(250);
  });

  it('that refuses everything in small batches fails after a hundred events, and goes on once it accepts', async () => {
    let works = false;
    const { http, stored } = receiverOf(kind, () => (works ? 'yes' : no(400)));
    const ledger = empty();
    const batches = Array.from({ length: 6 }, (_, at) => eventsOf(20, 1 + 20 * at));
    for (const events of batches.slice(0, 5)) await attempt(kind, http, events, ledger);
    await refusal(attempt(kind, http, batches[5]!, ledger));
    await refusal(attempt(kind, http, batches[5]!, ledger));
    expect([ledger.lastSeq, ledger.refused.size]).toEqual([100, 100]);
    works = true;
    await attempt(kind, http, batches[5]!, ledger);
    expect(stored).toEqual(batches[5]!.map(({ seq }) => seq));
  });

  it('that has not accepted anything yet, and refuses a whole batch, has a fault of its own', async () => {
    const { http } = receiverOf(kind, (seqs) => (seqs.every((seq) => seq === 9) ? 'yes' : no(400)));
    const ledger = empty();
    const first = attempt(kind, http, eventsOf(3), ledger, { isUntried: true });
    const error = await refusal(first);
    expect(error).toMatchObject({ code: 'SINK_REFUSED', retry: false });
    expect(error.message).toContain('refused each of 3 events, and has not accepted any yet');
    expect(ledger).toEqual(empty());
    // But a single event may be at fault itself, and so may some of several.
    await attempt(kind, http, eventsOf(1), ledger, { isUntried: true });
    await attempt(kind, http, eventsOf(8, 2), ledger, { isUntried: true });
    expect([...ledger.refused.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it.each([
    [401, 'SINK_REFUSED'],
    [403, 'SINK_REFUSED'],
    [404, 'SINK_REFUSED'],
    [429, 'SINK_UNAVAILABLE'],
    [500, 'SINK_UNAVAILABLE'],
  ])('that answers %i refuses no event, and is not asked for less', async (status, code) => {
    const { http, requests } = receiverOf(kind, () => no(status));
    expect(await refusal(attempt(kind, http, eventsOf(9), empty()))).toMatchObject({ code });
    expect(requests).toHaveLength(1);
  });

  it.each([
    '<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>',
    '<html><title>400 No required SSL certificate was sent</title></html>',
    'Client sent an HTTP request to an HTTPS server.\n',
  ])('behind a server that answers %j refuses no event', async (body) => {
    const { http, requests } = receiverOf(kind, () => no(400, body));
    expect(await refusal(attempt(kind, http, eventsOf(1), empty()))).toMatchObject({ code: 'SINK_REFUSED' });
    expect(requests).toHaveLength(1);
  });

  it('may take as long as its setting says, for each request', async () => {
    const { http, bounds } = receiverOf(kind, () => 'yes');
    await attempt(kind, http, eventsOf(50), empty());
    const patient = { ...kind, variables: { ...kind.variables, TIMEOUT_SECONDS: '300' } };
    expect(open(patient.sink, patient.variables, http)).toMatchObject({
      answerMaxMs: kind.variables.USE_ACK ? 330_000 : 300_000,
    });
    await attempt(patient, http, eventsOf(1), empty());
    expect(new Set(bounds)).toEqual(new Set([kind.sink === webhook ? 60_000 : 120_000, 300_000]));
  });

  it('gets no request that could last beyond the time, but always one', async () => {
    const { http, stored, requests } = receiverOf(kind, () => 'yes');
    const ledger = empty();
    for (let times = 1; times <= 2; times += 1) {
      const error = await refusal(attempt(kind, http, eventsOf(124), ledger, { lastBeginMs: 0 }));
      expect(error).toMatchObject({ code: 'SINK_SLOW', retry: true });
      expect(requests).toHaveLength(times);
    }
    expect(ledger.lastSeq).toBe(stored.at(-1));
    expect(new Set(stored).size).toBe(stored.length);
  });

  it('keeps what is confirmed when a later half fails', async () => {
    const { http, stored } = receiverOf(kind, (seqs, nth) => {
      if (nth > 6) return 'yes';
      return nth === 6 ? no(503) : seqs.includes(9) ? no(400) : 'yes';
    });
    const ledger = empty();
    await refusal(attempt(kind, http, eventsOf(12), ledger));
    const before = [...stored];
    expect(ledger.lastSeq).toBe(before.at(-1));
    expect(before.length).toBeGreaterThan(5);
    await attempt(kind, http, eventsOf(12), ledger);
    expect(new Set(stored).size).toBe(stored.length);
  });

  it('has every event once or refused, whatever it refuses and wherever the worker is killed', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      bad: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }),
      most: fc.integer({ min: 1, max: 30 }),
      kills: fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      stores: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, bad, most, kills, stores }) => {
        const inFlight: number[] = [];
        const { http, stored } = receiverOf(kind, (seqs, nth) => {
          const taken = seqs.length <= most && !seqs.some((seq) => bad.includes(seq));
          if (kills.includes(nth)) {
            if (taken && stores) inFlight.push(...seqs);
            return taken && stores ? 'yes, killed' : 'killed';
          }
          return taken ? 'yes' : no(seqs.length > most ? 413 : 400);
        });
        const ledger = empty();
        const events = eventsOf(count);
        for (let tries = 0; ledger.lastSeq < count && tries <= kills.length; tries += 1)
          await attempt(kind, http, events, ledger).catch((error: Error) => expect(error.message).toBe('killed'));
        expect(ledger.lastSeq).toBe(count);
        const isBad = ({ seq }: StoredEvent) => bad.includes(seq);
        expect([...ledger.refused.keys()].sort((a, b) => a - b)).toEqual(events.filter(isBad).map(({ seq }) => seq));
        const good = events.filter((one) => !isBad(one)).map(({ seq }) => seq);
        expect([...new Set(stored)]).toEqual(good);
        // Twice only what was under way when the worker was killed: with acknowledgement, all of that sending.
        for (const seq of good) {
          const again = kind.variables.USE_ACK ? kills.length : inFlight.filter((one) => one === seq).length;
          expect(stored.filter((one) => one === seq).length).toBeLessThanOrEqual(1 + again);
        }
      }),
      { numRuns: 150 },
    );
  });
});
