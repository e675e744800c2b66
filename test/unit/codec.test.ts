import { decodeScheduleAction, encodeScheduleAction } from '@temporalio/client/lib/schedule-helpers.js';
import { defaultDataConverter, type Payload, type SerializationContext } from '@temporalio/common';
import type { coresdk } from '@temporalio/proto';
import { WorkflowCodecRunner } from '@temporalio/worker/lib/workflow-codec-runner.js';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EncryptionCodec } from '../../src/temporal/codec/codec.js';
import { newKey, parseKeys } from '../../src/temporal/codec/keys.js';
import { serveCodec } from '../../src/temporal/codec/server.js';

const [older, newer] = [newKey('older'), newKey('newer')];
const codecOf = (...keys: string[]) => new EncryptionCodec(parseKeys(keys.join(','))!, 'audit');
const bytes = fc.uint8Array({ maxLength: 200 });
const payload = fc.record({
  metadata: fc.dictionary(fc.string({ maxLength: 10 }), bytes, { maxKeys: 3 }),
  data: bytes,
});
const workflow = (namespace: string, workflowId: string) => ({ type: 'workflow', namespace, workflowId }) as const;
const plain = ({ metadata, data }: { metadata?: Record<string, Uint8Array> | null; data?: Uint8Array | null }) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
  ),
  data: Buffer.from(data ?? []).toString('hex'),
});

describe('an encrypted payload', () => {
  it('decrypts to the original, and shows nothing of it before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { maxLength: 3 }), async (payloads) => {
        const sealed = await codecOf(newer).encode(payloads);
        for (const [index, { metadata, data }] of sealed.entries()) {
          expect(Buffer.from(metadata!.encoding!).toString()).toBe('binary/encrypted');
          if (payloads[index]!.data.length > 6)
            expect(Buffer.from(data!).includes(Buffer.from(payloads[index]!.data))).toBe(false);
        }
        expect((await codecOf(newer).decode(sealed)).map(plain)).toEqual(payloads.map(plain));
      }),
    );
  });

  it('is refused if one bit of it was changed', async () => {
    const [sealed] = await codecOf(newer).encode([{ metadata: {}, data: Buffer.from('what stands in it') }]);
    const length = sealed!.data!.length;
    await fc.assert(
      fc.asyncProperty(fc.nat(length * 8 - 1), async (bit) => {
        const data = Buffer.from(sealed!.data!);
        data[bit >> 3]! ^= 1 << (bit & 7);
        await expect(codecOf(newer).decode([{ ...sealed!, data }])).rejects.toMatchObject({
          code: 'PAYLOAD_UNREADABLE',
        });
      }),
    );
    for (let cut = 0; cut < length; cut += 5)
      await expect(codecOf(newer).decode([{ ...sealed!, data: sealed!.data!.subarray(0, cut) }])).rejects.toThrow();
  });

  it('is decrypted by its own key among several, and by no other', async () => {
    const old = await codecOf(older).encode([{ metadata: {}, data: Buffer.from('x') }]);
    expect((await codecOf(newer, older).decode(old)).map(plain)).toEqual([plain({ data: Buffer.from('x') })]);
    await expect(codecOf(newer).decode(old)).rejects.toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      message: expect.stringContaining('"older"'),
      hint: expect.stringContaining('TRAWL_PAYLOAD_KEYS'),
    });
    const [sealed] = await codecOf(newer, older).encode([{ data: Buffer.from('x') }]);
    expect(Buffer.from(sealed!.metadata!['encryption-key-id']!).toString()).toBe('newer');
    const renamed = { ...sealed!, metadata: { ...sealed!.metadata, 'encryption-key-id': Buffer.from('older') } };
    await expect(codecOf(newer, older).decode([renamed])).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
  });

  it('of a former version decrypts in every workflow', async () => {
    const recorded = new EncryptionCodec(parseKeys(`recorded:${Buffer.alloc(32, 7).toString('base64')}`)!, 'audit');
    const payload = {
      metadata: { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('recorded') },
      data: Buffer.from(
        '3SMxuAdwhHXQSiYktjYXYhe5B4OGhNxQyknJt7Rn3/TrKUbyKtSZdY0BJQeNy9qbmFtK1iTMUjlnpb2gjL2wzwOz05dWT3plYA==',
        'base64',
      ),
    };
    for (const context of [undefined, workflow('audit', 'one'), workflow('other', 'two')]) {
      const [plain] = await recorded.decode([payload], context);
      expect(Buffer.from(plain!.data!).toString()).toBe('{"collector":"asa"}');
    }
  });

  it('may occur together with unencrypted ones', async () => {
    const open = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"collector":"asa"}') };
    expect(await codecOf(newer).decode([open])).toEqual([open]);
  });
});

describe('an encrypted payload belongs', () => {
  const codec = codecOf(newer);
  const made = async (context?: SerializationContext) =>
    (await codec.encode([{ data: Buffer.from('x') }], context))[0]!;
  const metadataOf = ({ metadata }: Payload, name: string) =>
    metadata?.[name] && Buffer.from(metadata[name]).toString();
  const activity = (workflowId?: string) =>
    ({
      type: 'activity',
      namespace: 'audit',
      isLocal: false,
      activityId: '1',
      ...(workflowId ? { workflowId } : {}),
    }) as const;
  const one = workflow('audit', 'one');

  it.each<[string, SerializationContext | undefined, SerializationContext | undefined]>([
    ['to its workflow', one, one],
    ['to the activities of its workflow', one, activity('one')],
    ['to the workflow of its activity', activity('one'), one],
    ['to its workflow, also where the reader knows none', one, undefined],
    ['to its workflow, also where an activity has none', one, activity()],
    ['to the namespace, if it was made without a workflow', undefined, one],
    ['to the runs of a Schedule of its workflow', one, workflow('audit', 'one-2026-03-02T10:00:00Z')],
    [
      'to the next run of a Schedule',
      workflow('audit', 'one-2026-03-02T10:00:00Z'),
      workflow('audit', 'one-2026-03-02T10:05:00Z'),
    ],
  ])('%s', async (_, from, to) => {
    expect((await codec.decode([await made(from)], to)).map(plain)).toEqual([plain({ data: Buffer.from('x') })]);
  });

  it.each<[string, SerializationContext | undefined, SerializationContext | undefined]>([
    ['to another workflow', one, workflow('audit', 'two')],
    ['to an activity of another workflow', one, activity('two')],
    ['to a workflow of a similar name', one, workflow('audit', 'one-2026')],
    ['to another Schedule', one, workflow('audit', 'two-2026-03-02T10:00:00Z')],
    ['to the same workflow of another namespace', one, workflow('other', 'one')],
    ['to another namespace, if it was made without a workflow', undefined, workflow('other', 'one')],
    ['to a reader without a context in another namespace', workflow('other', 'one'), undefined],
  ])('not %s', async (_, from, to) => {
    await expect(codec.decode([await made(from)], to)).rejects.toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      message: expect.stringMatching(/was made for the (workflow|namespace) "\w+", but stands in "[\w:-]+"/),
    });
  });

  it('where its metadata says, which cannot be changed', async () => {
    const payload = await made(one);
    expect(metadataOf(payload, 'encryption-namespace')).toBe('audit');
    expect(metadataOf(payload, 'encryption-workflow-id')).toBe('one');
    const changes: Record<string, Buffer | undefined>[] = [
      { 'encryption-workflow-id': Buffer.from('two') },
      { 'encryption-workflow-id': undefined },
      { 'encryption-namespace': Buffer.from('other') },
      { 'encryption-namespace': undefined },
      { 'encryption-namespace': undefined, 'encryption-workflow-id': undefined },
      { 'encryption-namespace': Buffer.from('audit\0one'), 'encryption-workflow-id': undefined },
    ];
    for (const change of changes) {
      const metadata = Object.fromEntries(
        Object.entries({ ...payload.metadata, ...change }).filter((entry): entry is [string, Buffer] => !!entry[1]),
      );
      await expect(codec.decode([{ ...payload, metadata }], workflow('audit', 'two'))).rejects.toMatchObject({
        code: 'PAYLOAD_UNREADABLE',
        message: expect.stringContaining('was changed'),
      });
    }
  });
});

describe("Temporal's SDK", () => {
  const codec = codecOf(newer);
  const runner = (workflowId: string) => new WorkflowCodecRunner([codec], workflow('audit', workflowId));
  const input = [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{}') }];
  /** The commands of a workflow, as the server gets them. */
  const sent = async (workflowId: string, ...commands: coresdk.workflow_commands.IWorkflowCommand[]) => {
    const completion = await runner(workflowId).encodeCompletion({ runId: 'r', successful: { commands } });
    return completion.successful!.commands as coresdk.workflow_commands.IWorkflowCommand[];
  };
  const reads = async (workflowId: string, ...jobs: coresdk.workflow_activation.IWorkflowActivationJob[]) => {
    const { jobs: read } = await runner(workflowId).decodeActivation({ runId: 'r', jobs });
    return JSON.stringify(read);
  };
  const readable = expect.stringContaining(Buffer.from('{}').toString('base64'));
  const started = (payloads: Payload[]) => ({ initializeWorkflow: { arguments: payloads } });

  it("binds a child's input to the child", async () => {
    const [{ startChildWorkflowExecution: child } = {}] = await sent('parent', {
      startChildWorkflowExecution: { seq: 1, workflowId: 'child', workflowType: 'x', input },
    });
    expect(await reads('child', started(child!.input!))).toEqual(readable);
    await expect(reads('parent', started(child!.input!))).rejects.toThrow('was made for the workflow "child"');
  });

  it("reads a child's result in its parent, and that of no other workflow", async () => {
    const [{ completeWorkflowExecution: done } = {}] = await sent('child', {
      completeWorkflowExecution: { result: input[0]! },
    });
    const parent = async (childId: string) => {
      const codecs = runner('parent');
      const startChildWorkflowExecution = { seq: 1, workflowId: childId, workflowType: 'x' };
      await codecs.encodeCompletion({ runId: 'r', successful: { commands: [{ startChildWorkflowExecution }] } });
      const resolved = { resolveChildWorkflowExecution: { seq: 1, result: { completed: { result: done!.result! } } } };
      return JSON.stringify(await codecs.decodeActivation({ runId: 'r', jobs: [resolved] }));
    };
    expect(await parent('child')).toEqual(readable);
    await expect(parent('sibling')).rejects.toThrow('was made for the workflow "child"');
  });

  it('binds a signal to the workflow that gets it', async () => {
    const [{ signalExternalWorkflowExecution: signal } = {}] = await sent('sender', {
      signalExternalWorkflowExecution: {
        seq: 1,
        workflowExecution: { workflowId: 'target' },
        signalName: 's',
        args: input,
      },
    });
    const got = { signalWorkflow: { signalName: 's', input: signal!.args! } };
    expect(await reads('target', got)).toEqual(readable);
    await expect(reads('sender', got)).rejects.toThrow('was made for the workflow "target"');
  });

  it('binds what continues as new to the workflow itself', async () => {
    const [{ continueAsNewWorkflowExecution: next } = {}] = await sent('walk', {
      continueAsNewWorkflowExecution: { arguments: input, memo: { keys: input[0]! } },
    });
    expect(await reads('walk', started(next!.arguments!))).toEqual(readable);
    await expect(reads('other', started(next!.arguments!))).rejects.toThrow('was made for the workflow "walk"');
  });

  it("binds a Schedule's input to the workflow that its runs are named after", async () => {
    const action = { type: 'startWorkflow', workflowType: 'x', workflowId: 'one', taskQueue: 'q', args: [{}] } as const;
    const converter = { ...defaultDataConverter, payloadCodecs: [codec] };
    const { startWorkflow } = await encodeScheduleAction(converter, 'audit', action as never, {});
    const payloads = startWorkflow!.input!.payloads!;
    const last = await codec.encode(input, workflow('audit', 'one-2026-03-02T10:00:00Z'));
    const job = { initializeWorkflow: { arguments: payloads, lastCompletionResult: { payloads: last } } };
    expect(await reads('one-2026-03-02T10:05:00Z', job)).toEqual(readable);
    await expect(reads('two-2026-03-02T10:05:00Z', job)).rejects.toThrow('was made for the workflow "one"');
    const described = await decodeScheduleAction(converter, 'audit', { startWorkflow: startWorkflow! });
    expect(described.args).toEqual([{}]);
  });
});

describe('keys', () => {
  it('of any text are either accepted or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${newer},${text}`),
        ),
        (text) => {
          for (const key of parseKeys(text)?.values() ?? []) expect(key.symmetricKeySize).toBe(32);
        },
      ),
    );
  });

  it.each(['', 'k1', 'k1:', ':AAAA', 'k1:AAAA', `${newer},${newer}`, `${newer}x=`, newer.replace('newer', 'a b/c')])(
    'are refused: %o',
    (text) => {
      expect(parseKeys(text)).toBeUndefined();
    },
  );
});

describe('the codec server', () => {
  const origin = 'http://127.0.0.1:8233';
  const serve = async (token?: string) => {
    const server = await serveCodec(parseKeys(newer)!, {
      host: '127.0.0.1',
      port: 0,
      origins: ['http://localhost:8233', origin],
      token,
      namespace: 'audit',
    });
    onTestFinished(() => server.close());
    return (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, { method: 'POST', ...init });
  };

  it('encodes and decodes, for the origin of the UI', async () => {
    const ask = await serve();
    const payloads = [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: Buffer.from('{"a":1}').toString('base64') }];
    const encoded = await (await ask('/encode', { body: JSON.stringify({ payloads }) })).json();
    expect(JSON.stringify(encoded)).not.toContain(payloads[0]!.data);
    const decoded = await ask('/ui/decode', { body: JSON.stringify(encoded), headers: { origin } });
    expect(await decoded.json()).toEqual({ payloads });
    expect(decoded.headers.get('access-control-allow-origin')).toBe(origin);
    const foreign = await ask('/decode', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it.each([
    ['/decode', { body: 'garbage' }, 400],
    ['/decode', { body: '{"payloads":1}' }, 400],
    ['/decode', { body: '{"payloads":[{"data":"*"}]}' }, 400],
    [
      '/decode',
      {
        body: JSON.stringify({
          payloads: [{ metadata: { encoding: Buffer.from('binary/encrypted').toString('base64') } }],
        }),
      },
      400,
    ],
    ['/nothing', {}, 404],
    ['/decode', { method: 'GET' }, 405],
  ])('refuses %s with %o by %i', async (path, init, status) => {
    const answer = await (await serve())(path, init);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ message: expect.stringMatching(/\w/) });
  });

  it('encrypts for the namespace of the request, and decrypts what any workflow has', async () => {
    const ask = await serve();
    const body = JSON.stringify({ payloads: [{ data: 'eA==' }] });
    const answer = await ask('/encode', { body, headers: { 'x-namespace': 'other' } });
    const { payloads } = (await answer.json()) as { payloads: { metadata: Record<string, string>; data: string }[] };
    const bound = payloads[0]!.metadata;
    expect(Buffer.from(bound['encryption-namespace']!, 'base64').toString()).toBe('other');
    expect(bound['encryption-workflow-id']).toBeUndefined();
    for (const context of [workflow('audit', 'one'), workflow('other', 'two'), undefined]) {
      const [{ metadata, data }] = (await codecOf(newer).encode([{ data: Buffer.from('x') }], context)) as [Payload];
      const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
      const sent = Object.fromEntries(Object.entries(metadata!).map(([name, bytes]) => [name, base64(bytes)]));
      const decoded = await ask('/decode', {
        body: JSON.stringify({ payloads: [{ metadata: sent, data: base64(data!) }] }),
      });
      expect(await decoded.json()).toEqual({ payloads: [{ metadata: {}, data: 'eA==' }] });
    }
  });

  it.each([
    ['payloads', `{"payloads":[${'{},'.repeat(10_000)}{}]}`],
    ['payloads, millions of them', `{"payloads":[${'{},'.repeat(3_000_000)}{}]}`],
    ['lists within each other', '['.repeat(1_000_000)],
    ['other values', `{"other":[${'1,'.repeat(1_000_000)}1]}`],
    ['pieces of metadata', `{"payloads":[{"metadata":{${'"a":"",'.repeat(300_000)}"b":""}}]}`],
  ])('refuses too many %s', async (_, body) => {
    const ask = await serve();
    const answer = await ask('/decode', { body });
    expect([answer.status, await answer.json()]).toMatchObject([413, { message: expect.stringContaining('10000') }]);
    expect((await ask('/decode', { body: '{"payloads":[]}' })).status).toBe(200);
  });

  it('takes as many payloads as it says', async () => {
    const answer = await (await serve())('/decode', { body: `{"payloads":[${'{},'.repeat(9_999)}{}]}` });
    expect(((await answer.json()) as { payloads: unknown[] }).payloads).toHaveLength(10_000);
  });

  it.each(['0.0.0.0', '::', '0', '', '::ffff:0.0.0.0'])('refuses to listen at %o without a token', async (host) => {
    const serving = (token: string | undefined) =>
      serveCodec(parseKeys(newer)!, { host, port: 0, origins: [], token, namespace: 'audit' });
    const hint = expect.stringContaining('TRAWL_CODEC_TOKEN');
    await expect(serving(undefined)).rejects.toMatchObject({ code: 'SETTINGS_INVALID', hint });
    await expect(serving('')).rejects.toMatchObject({ code: 'SETTINGS_INVALID', hint });
  });

  it('listens anywhere with a token', async () => {
    const options = { host: '0.0.0.0', port: 0, origins: [], token: 'secret', namespace: 'audit' };
    const server = await serveCodec(parseKeys(newer)!, options);
    onTestFinished(() => server.close());
    const answer = await fetch(`${server.url}/decode`, { method: 'POST', body: '{"payloads":[]}' });
    expect(answer.status).toBe(401);
  });

  it('requires its token', async () => {
    const ask = await serve('secret');
    const body = '{"payloads":[]}';
    expect((await ask('/decode', { body })).status).toBe(401);
    for (const authorization of [
      'Bearer other!',
      'Bearer secre',
      'Bearer secrets',
      'Bearer ',
      'Basic secret',
      'secret',
    ])
      expect((await ask('/decode', { body, headers: { authorization } })).status).toBe(401);
    expect((await ask('/decode', { body, headers: { authorization: 'Bearer secret' } })).status).toBe(200);
  });
});
