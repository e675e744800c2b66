import { expect, it } from 'vitest';
import { s3 } from '../../../src/sinks/s3/sink.js';
import { batchOf, event, open, receiver, refusal, text } from './support.js';

it('a 200 that is not from S3, such as a sign-in page, confirms no object', async () => {
  const { url, seen } = await receiver(text(200, '<html>marked-event</html>', { 'content-type': 'text/html' }));
  const keys = { ACCESS_KEY_ID: 'key', SECRET_ACCESS_KEY: 'marked-secret' };
  const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, COMPRESSION: 'none', ...keys });
  const form = { ...batchOf([]).form, format: 'ndjson' };
  const error = await refusal(client.send(batchOf([event(1)], { form })));
  expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', retry: true });
  expect(seen.map(({ method }) => method)).toEqual(['PUT', 'HEAD']);
});
