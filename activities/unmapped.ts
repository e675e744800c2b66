import { log } from '@temporalio/activity';
import type { StoredEvent } from '../src/domain.js';
import { schemaOf } from '../src/schemas/registry.js';
import type { SinkClient } from '../src/sinks/sink.js';
import type { FixedBatch } from '../src/stores/offload.js';

/** Collectors that have been warned of, by the sink's client. */
const warned = new WeakMap<SinkClient, Set<string>>();

const namedMax = 10;
const typeMax = 200;

/**
 * Logs that a sink's schema lacks types of events: once for each collector and sink, since a source may have hundreds of
 * such types. The metric `trawl_unmapped_types` counts them all.
 */
export function warnOfUnmapped(
  client: SinkClient,
  { batch, source, events }: { batch: FixedBatch; source: string; events: readonly StoredEvent[] },
): void {
  const { collector, sink, form } = batch;
  const known = warned.get(client) ?? new Set();
  const schema = schemaOf(form.schema, form.schemaVersion);
  if (known.has(collector) || !schema) return;
  warned.set(client, known.add(collector));
  const lacking = new Set<string>();
  for (const event of events) if (!schema.record(event, source).known) lacking.add(event.type.slice(0, typeMax));
  const types = [...lacking].slice(0, namedMax);
  if (lacking.size > types.length) types.push(`and ${lacking.size - types.length} more`);
  log.warn(
    'The schema of a sink has no mapping for types of events: they are sent whole, under a general class. trawl_unmapped_types counts all such types',
    { collector, sink, schema: schema.name, types },
  );
}
