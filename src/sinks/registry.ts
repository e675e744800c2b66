import { elasticsearch } from './elasticsearch/sink.js';
import { files } from './files/sink.js';
import { s3 } from './s3/sink.js';
import type { Sink } from './sink.js';
import { splunk } from './splunk/sink.js';
import { syslog } from './syslog/sink.js';
import { webhook } from './webhook/sink.js';

/** Every kind of sink. To add one, create a folder beside this file and add a line here. */
export const sinks: readonly Sink[] = [files, s3, splunk, elasticsearch, webhook, syslog];

export function sinkOf(kind: string): Sink {
  return sinks.find((sink) => sink.kind === kind)!;
}
