import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { WorkflowCodecRunner } from '@temporalio/worker/lib/workflow-codec-runner.js';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { EncryptionCodec } from '../../src/temporal/codec/codec.js';
import { parseKeys } from '../../src/temporal/codec/keys.js';
import { attemptsMax } from '../../workflows/options.js';

// During a rolling upgrade, workers and commands of two versions read what each other encrypts. docs/upgrading.md says what
// holds; this holds it to that.

const keys = parseKeys(`shared:${Buffer.alloc(32, 7).toString('base64')}`)!;
const key = keys.get('shared')!;
const { Payload: message } = proto.temporal.api.common.v1;
const associated = Buffer.from('binary/encrypted\0shared');

/** As version 0.2 encrypted and decrypted. */
const former: PayloadCodec = {
  encode: async (payloads) =>
    payloads.map((payload) => {
      const nonce = randomBytes(12);
      const sealing = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated);
      const plain = [sealing.update(message.encode(payload).finish()), sealing.final()];
      const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('shared') };
      return { metadata, data: Buffer.concat([nonce, ...plain, sealing.getAuthTag()]) };
    }),
  decode: async (payloads) =>
    payloads.map(({ data }) => {
      const sealed = Buffer.from(data!);
      const opening = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
        .setAAD(associated)
        .setAuthTag(sealed.subarray(-16));
      return message.decode(Buffer.concat([opening.update(sealed.subarray(12, -16)), opening.final()]));
    }),
};
const current = new EncryptionCodec(keys, 'audit');

const plain: Payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"collector":"asa"}') };
const one = { type: 'workflow', namespace: 'audit', workflowId: 'one' } as const;
const textIn = ([payload]: Payload[]) => Buffer.from(payload!.data!).toString();

/** What a workflow gets that a worker with this codec carries out: its input, a signal, the result of the run before. */
async function readByWorker(codec: PayloadCodec, written: Payload[]): Promise<string> {
  const jobs = [
    { initializeWorkflow: { arguments: written, lastCompletionResult: { payloads: written } } },
    { signalWorkflow: { signalName: 'clearEvents', input: written } },
  ];
  const read = await new WorkflowCodecRunner([codec], one).decodeActivation({ runId: 'r', jobs });
  return JSON.stringify(read);
}

describe('what version 0.2 has encrypted', () => {
  it.each([
    ['version 0.2', former],
    ['this version', current],
  ])('%s reads', async (_, codec) => {
    const written = await former.encode([plain]);
    expect(textIn(await codec.decode(written, one))).toBe('{"collector":"asa"}');
    expect(await readByWorker(codec, written)).toContain(Buffer.from(plain.data!).toString('base64'));
  });
});

describe('what this version encrypts', () => {
  it.each([
    ['for a workflow', one],
    ['for a Schedule, or by a codec server', undefined],
  ])('%s it reads, and version 0.2 does not', async (_, context) => {
    const written = await current.encode([plain], context);
    expect(textIn(await current.decode(written, one))).toBe('{"collector":"asa"}');
    expect(await readByWorker(current, written)).toContain(Buffer.from(plain.data!).toString('base64'));
    await expect(former.decode(written, one)).rejects.toThrow();
    await expect(readByWorker(former, written)).rejects.toThrow();
  });

  it('is what this version hands on of what version 0.2 has encrypted', async () => {
    const read = await current.decode(await former.encode([plain]), one);
    await expect(former.decode(await current.encode(read, one), one)).rejects.toThrow();
  });
});

it('docs/upgrading.md tells how many attempts a step has', async () => {
  const { walk, offload, command } = attemptsMax;
  const told = readFileSync(join(root, 'docs/upgrading.md'), 'utf8').replace(/\s+/g, ' ');
  expect(told).toContain(`${walk} attempts of a step of a walk, ${offload} of an offloading, ${command} of a command`);
});
