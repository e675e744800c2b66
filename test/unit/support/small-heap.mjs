// Reads the answers of a hostile server, with the program as it is built, in a process with the heap of the Kubernetes
// manifest. Prints what became of each, as a line of JSON.
import { MockActivityEnvironment } from '@temporalio/testing';
import { PageCache } from '../../../dist/activities/page-cache.js';
import { rowsOfPage } from '../../../dist/activities/page-rows.js';
import { HttpClient } from '../../../dist/src/http/client.js';
import { answerLimits } from '../../../dist/src/json-weight.js';
import { Secret } from '../../../dist/src/secret.js';
import { ElasticsearchClient } from '../../../dist/src/sinks/elasticsearch/client.js';
import { SplunkClient } from '../../../dist/src/sinks/splunk/client.js';
import { WebhookClient } from '../../../dist/src/sinks/webhook/client.js';
import { sourceOf } from '../../../dist/src/sources/registry.js';

const secret = new Secret('secret');
const http = new HttpClient({}, {});

/** Settings of each source whose server is at this address. */
const settingsOf = {
  asa: (url) => ({ asaBaseUrl: url, asaTeam: 't', asaKeyId: 'k', asaKeySecret: secret, searchCount: 1 }),
  descope: (url) => ({
    descopeBaseUrl: url,
    descopeProjectId: 'p',
    descopeManagementKey: secret,
    descopeOverlapMinutes: 5,
    searchCount: 1,
  }),
  skyflow: (url) => ({
    skyflowVaultUrl: url,
    skyflowAccountId: 'a',
    skyflowApiKey: secret,
    skyflowOverlapMinutes: 5,
    skyflowKeepContent: false,
    searchCount: 1,
  }),
};

const timeoutSeconds = 30;
const sinkOf = {
  splunk: (url) => new SplunkClient(http, { url, token: secret, useAck: false, gzip: false, timeoutSeconds }),
  elasticsearch: (url) => new ElasticsearchClient(http, { url, index: 'i', gzip: false, timeoutSeconds }),
  webhook: (url) => new WebhookClient(http, { url: new Secret(url), confirm: 'answer', timeoutSeconds }),
};

/** Reads a page as the activities do. */
async function read(kind, url) {
  const source = sourceOf(kind);
  const { body, content } = await source.open(settingsOf[kind](url), http).fetchPage('');
  const cache = new PageCache();
  cache.put('page', { bodyBytes: body.byteLength, content });
  const store = { relatedObjects: async () => new Map() };
  const made = () => rowsOfPage({ store, cache }, source, { collector: 'c', key: 'page' });
  const { rows } = await new MockActivityEnvironment().run(made);
  return { events: rows.length, rejected: content.rejected.length, related: content.relatedObjects.length };
}

process.send({ limits: answerLimits() });
process.on('message', async ({ kind, url }) => {
  const outcome = kind in sinkOf ? sinkOf[kind](url).check() : read(kind, url);
  process.send(await outcome.catch(({ code, message }) => ({ code, message })));
});
