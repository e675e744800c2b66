import { TrawlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/client.js';
import { askedWaitMs } from '../../http/status.js';
import { jsonObjectOf } from '../../json-values.js';
import { printable } from '../../printable.js';
import type { Refusal, RequestRefused } from '../delivery.js';
import { membersOf, statusError } from '../http-answer.js';
import { contentRefused, shortened } from '../refusal.js';
import type { Document } from './documents.js';

/** Result for one document of a request. */
export type Outcome =
  | { kind: 'stored' }
  /** @param refusal counts if the document is still put off after the last retry */
  | { kind: 'later'; refusal?: Refusal }
  | ({ kind: 'refused' } & Refusal)
  | { kind: 'failed'; error: TrawlError };

/** Errors of which the reason is known not to be needed: it may quote the event. */
const documentErrors =
  /^(mapper_parsing|document_parsing|strict_dynamic_mapping|x_content_parse|json_parse|parsing|parse|mapper)_exception$/;

const otherDocumentErrors: readonly [RegExp, string][] = [
  [/immense term/, 'a text is too long for its keyword field'],
  [/limit of total fields|limit of \[\w+\] fields/i, 'it would pass the limit of fields of the index'],
  [/\bdepth\b/i, 'it is nested deeper than the index allows'],
];

/** With 400: the fault is the index, an alias, a template or a pipeline, whatever the document. */
const ofTarget =
  /op_type of create|pipeline with id \[.*\] (does not exist|is not defined)|no write index|more than one (index|indices)|maximum .*shards/i;

/** The error of one item, or of a whole answer. Its reason may quote the event, so errors do not have it. */
interface ItemError {
  type: string;
  reason: string;
  /** True if a processor of an ingest pipeline failed. */
  ofProcessor: boolean;
}

function errorOf(value: unknown): ItemError {
  if (typeof value === 'string') return { type: '', reason: value, ofProcessor: false };
  const { type, reason, root_cause: causes, header, processor_type: processor } = jsonObjectOf(value);
  const first = Array.isArray(causes) ? jsonObjectOf(causes[0]) : {};
  return {
    type: shortType(typeof type === 'string' ? type : first.type),
    reason: typeof reason === 'string' ? reason : '',
    ofProcessor: (processor ?? jsonObjectOf(header).processor_type) !== undefined,
  };
}

function shortType(type: unknown): string {
  return typeof type === 'string' && /^[a-z][a-z_]{0,79}$/.test(type) ? type : '';
}

/**
 * Results for the documents of a request; undefined if the items do not match the documents one by one.
 * @param create true if documents were created rather than indexed: one that already exists counts as stored
 */
export function outcomesOf(
  items: unknown,
  documents: readonly Document[],
  create: boolean,
  place: string,
): Outcome[] | undefined {
  if (!Array.isArray(items) || items.length !== documents.length) return undefined;
  const outcomes: Outcome[] = [];
  for (const [at, document] of documents.entries()) {
    const item = jsonObjectOf(jsonObjectOf(items[at])[create ? 'create' : 'index']);
    const { _id: id, status, error } = item;
    if (typeof status !== 'number') return undefined;
    const elsewhere = isSuccessful(item) ? storedElsewhere(item) : undefined;
    // A failure store assigns ids of its own.
    if (id !== document.id && elsewhere === undefined) return undefined;
    if (elsewhere !== undefined) outcomes.push({ kind: 'refused', reason: elsewhere });
    else outcomes.push(isSuccessful(item) ? { kind: 'stored' } : outcome(status, errorOf(error), create, place));
  }
  return outcomes;
}

type Item = Readonly<Record<string, unknown>>;

function isSuccessful({ status, error }: Item): boolean {
  return (status === 200 || status === 201) && (error === undefined || error === null);
}

/**
 * The reason why a successful item does not mean that the document is in its target; undefined if it does. The status
 * is 201 even if the failure store of a data stream took the document, and 200 if an ingest pipeline dropped it.
 */
function storedElsewhere({ _index: index, failure_store: failureStore, result }: Item): string | undefined {
  if (failureStore !== undefined && failureStore !== 'not_applicable_or_unknown')
    return `It is not in the data stream (failure_store: ${quoted(failureStore)}).`;
  if (typeof index === 'string' && /^\.fs-|::failures$/.test(index))
    return `It is in the failure store, not in the data stream (_index: ${quoted(index)}).`;
  if (result !== undefined && result !== 'created' && result !== 'updated')
    return `It is not stored (result: ${quoted(result)}): an ingest pipeline may have dropped it.`;
  return undefined;
}

function quoted(value: unknown): string {
  return printable((typeof value === 'string' ? value : typeof value).slice(0, 100));
}

function outcome(status: number, error: ItemError, create: boolean, place: string): Outcome {
  if (status === 409 && create && isConflict(error)) return { kind: 'stored' };
  if (isDiskFull(error)) return { kind: 'failed', error: diskFull(place) };
  if (status === 409 || status === 429 || status === 503) return { kind: 'later' };
  const failure = rejected(status, error, place);
  if (status === 400 && !isOfTarget(error)) return { kind: 'refused', reason: reasonOf(error), error: failure };
  // Some versions answer so if a processor cannot handle the document.
  if (status === 500 && error.ofProcessor)
    return { kind: 'later', refusal: { reason: reasonOf(error), error: failure } };
  return { kind: 'failed', error: failure };
}

function isOfTarget({ type, reason }: ItemError): boolean {
  return Object.hasOwn(hints, type) || ofTarget.test(reason);
}

function reasonOf(error: ItemError): string {
  if (documentErrors.test(error.type)) return `${error.type}${fieldOf(error)}.`;
  const known = otherDocumentErrors.find(([pattern]) => pattern.test(error.reason));
  const words = known?.[1] ?? shortened(error.reason.replace(/Preview of field's value[\s\S]*/, ''), []);
  return `${[error.type, words]
    .filter((text) => text !== '')
    .join(': ')
    .replace(/\.$/, '')}.`;
}

/** True if the document already exists. */
function isConflict({ type }: ItemError): boolean {
  return type === 'version_conflict_engine_exception';
}

/** If a disk exceeds the flood-stage watermark, the index only accepts deletions: 403 before 7.7, 429 since then. */
function isDiskFull({ type, reason }: ItemError): boolean {
  return (
    type === 'cluster_block_exception' && /flood-stage|read-only-allow-delete|read-only \/ allow delete/.test(reason)
  );
}

function diskFull(place: string): TrawlError {
  return new TrawlError('SINK_FULL', `${place} accepts no documents: a disk exceeds the flood-stage watermark.`, {
    hint: 'Free disk space; sending then resumes, on old versions once index.blocks.read_only_allow_delete is removed.',
  });
}

function fieldOf({ reason }: ItemError): string {
  const [, field] = /field \[([^\]]{1,100})\]/.exec(reason) ?? [];
  const [, type] = /of type \[([a-z_]{1,40})\]/.exec(reason) ?? [];
  return `${field === undefined ? '' : ` at field ${printable(field)}`}${type === undefined ? '' : ` (${type})`}`;
}

const hints: Readonly<Record<string, string>> = {
  index_not_found_exception: 'Create the index, or allow its automatic creation (action.auto_create_index).',
  security_exception:
    "Grant the sink's credentials the privileges to write to the index (create_doc, index, auto_configure).",
  cluster_block_exception: 'Remove the block from the index (index.blocks), or write to another one.',
  index_closed_exception: 'Open the index, or write to another one.',
  invalid_index_name_exception: 'Correct index of the sink.',
};

function rejected(status: number, { type, reason }: ItemError, place: string): TrawlError {
  const onlyCreates = /op_type of create are allowed in data streams/.test(reason);
  const message = `${place} answered ${status}${type ? ` ${type}` : ''} for a document.`;
  if (status >= 500) {
    return new TrawlError('SINK_UNAVAILABLE', message, {
      hint: 'The batch is retried; if this persists, check the health of the cluster.',
    });
  }
  const hint = onlyCreates ? 'Set dataStream=yes for the sink.' : hints[type];
  return new TrawlError('SINK_REFUSED', message, {
    hint: hint ?? 'Check the index, alias and ingest pipeline of the sink, and the log of the cluster.',
  });
}

/** The error for an answer that is unsuccessful as a whole. */
export function bulkError(answer: HttpAnswer, place: string): TrawlError {
  const error = errorOf(membersOf(answer).error);
  if (isDiskFull(error)) return diskFull(place);
  const plain = statusError(answer, place, { 400: hints[error.type] ?? indexHint });
  if (error.type === '') return plain;
  return new TrawlError(plain.code, `${place} answered ${answer.status} ${error.type}.`, {
    hint: hints[error.type] ?? plain.hint,
    retryAfterMs: askedWaitMs(answer),
  });
}

/** See `contentRefused`. */
export function bulkRefused(
  answer: HttpAnswer,
  place: string,
  secrets: readonly (string | undefined)[],
): RequestRefused {
  const error = bulkError(answer, place);
  if (isOfTarget(errorOf(membersOf(answer).error))) throw error;
  return contentRefused(answer, error, secrets);
}

const indexHint = 'Check index and dataStream of the sink, and that url points to Elasticsearch or OpenSearch.';
