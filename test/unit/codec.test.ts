import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EncryptionCodec } from '../../src/temporal/codec/codec.js';
import { newKey, parseKeys } from '../../src/temporal/codec/keys.js';
import { serveCodec } from '../../src/temporal/codec/server.js';

const [older, newer] = [newKey('older'), newKey('newer')];
const codecOf = (...keys: string[]) => new EncryptionCodec(parseKeys(keys.join(','))!);
const bytes = fc.uint8Array({ maxLength: 200 });
const payload = fc.record({
  metadata: fc.dictionary(fc.string({ maxLength: 10 }), bytes, { maxKeys: 3 }),
  data: bytes,
});
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

  it('may occur together with unencrypted ones', async () => {
    const open = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"collector":"asa"}') };
    expect(await codecOf(newer).decode([open])).toEqual([open]);
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
    const server = await serveCodec(codecOf(newer), {
      host: '127.0.0.1',
      port: 0,
      origins: ['http://localhost:8233', origin],
      token,
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
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
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

  it('requires its token', async () => {
    const ask = await serve('secret');
    const body = '{"payloads":[]}';
    expect((await ask('/decode', { body })).status).toBe(401);
    expect((await ask('/decode', { body, headers: { authorization: 'Bearer other!' } })).status).toBe(401);
    expect((await ask('/decode', { body, headers: { authorization: 'Bearer secret' } })).status).toBe(200);
  });
});
