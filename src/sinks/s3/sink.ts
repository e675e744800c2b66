import { fileSettingProblems } from '../settings.js';
import type { Sink } from '../sink.js';
import type { S3SinkClient } from './client.js';
import { keyPrefix, keyProblems, type S3Settings, s3Settings } from './settings.js';

/** Objects in a bucket of S3 or of a compatible server. */
export const s3: Sink<S3Settings> = {
  kind: 's3',
  settings: s3Settings,
  fileForm: (settings) => settings,
  check: (values) => [...fileSettingProblems(values), ...keyProblems(values)],
  open(settings, context) {
    let opened: Promise<S3SinkClient> | undefined;
    // Loaded lazily: the AWS SDK takes a while to load, and most commands do not need it.
    const client = () => {
      opened ??= import('./client.js').then((loaded) => new loaded.S3SinkClient(settings, context));
      return opened;
    };
    return {
      place: `s3://${settings.bucket}/${keyPrefix(settings)}`,
      send: async (batch, signal) => (await client()).send(batch, signal),
      check: async (signal) => (await client()).check(signal),
      read: async (object, signal) => (await client()).read(object, signal),
      write: async (name, file, signal) => (await client()).write(name, file, signal),
      lockOf: async (object, signal) => (await client()).lockOf(object, signal),
      remove: async (name, signal) => (await client()).remove(name, signal),
      proofFolder: {
        keep: async (name, bytes, signal) => (await client()).proofFolder.keep(name, bytes, signal),
        after: async (folder, name, signal) => (await client()).proofFolder.after(folder, name, signal),
        get: async (name, signal) => (await client()).proofFolder.get(name, signal),
      },
      close: async () => (await opened)?.close(),
    };
  },
};
