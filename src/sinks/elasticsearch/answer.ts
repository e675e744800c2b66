import { TrawlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/client.js';
import { askedWaitMs } from '../../http/status.js';
import { jsonObjectOf } from '../../json-values.js';
import { printable } from '../../printable.js';
import { membersOf, statusError } from '../http-answer.js';
import type { Document } from './documents.js';

/** What became of one document of a request. */
export type Outcome =
  | { kind: 'stored' }
  | { kind: 'later' }
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; error: TrawlError };

/** Errors of a document that no repetition and no right would change, in both products' words. */
const documentErrors =
  /^(mapper_parsing|document_parsing|strict_dynamic_mapping|x_content_parse|json_parse|parsing|parse|mapper)_exception$/;

const otherDocumentErrors: readonly [RegExp, string][] = [
  [/immense term/, 'a text is too long for its keyword field'],
  [/limit of total fields|limit of \[\w+\] fields/i, 'it would pass the limit of fields of the index'],
  [/\bdepth\b/i, 'it is nested deeper than the index allows'],
];

/** The error of one item, or of a whole answer. Its reason may quote the event, so only known parts of it are told. */
interface ItemError {
  type: string;
  reason: string;
}

function errorOf(value: unknown): ItemError {
  if (typeof value === 'string') return { type: '', reason: value };
  const { type, reason, root_cause: causes } = jsonObjectOf(value);
  const first = Array.isArray(causes) ? jsonObjectOf(causes[0]) : {};
  return {
    type: shortType(typeof type === 'string' ? type : first.type),
    reason: typeof reason === 'string' ? reason : '',
  };
}

function shortType(type: unknown): string {
  return typeof type === 'string' && /^[a-z][a-z_]{0,79}$/.test(type) ? type : '';
}

/**
 * What the items of an answer say of the documents that were sent; undefined where they do not answer them one by one.
 * @param create documents were to be created: one that is there already is stored.
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
    // What a failure store has got an id of its own there.
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
 * Why an item that says yes does not say that the document is where it was sent to; undefined where it does. The answer
 * is 201 also where the failure store of a data stream took it, and 200 where an ingest pipeline dropped it.
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
  if (status === 400) {
    if (documentErrors.test(error.type)) return { kind: 'refused', reason: `${error.type}${fieldOf(error)}.` };
    const known = otherDocumentErrors.find(([pattern]) => pattern.test(error.reason));
    if (known) return { kind: 'refused', reason: `${error.type}: ${known[1]}.` };
  }
  return { kind: 'failed', error: rejected(status, error, place) };
}

/** The document is there already. */
function isConflict({ type }: ItemError): boolean {
  return type === 'version_conflict_engine_exception';
}

/** Where a disk is over the flood stage, the index takes deletions only: 403 before 7.7, 429 since then. */
function isDiskFull({ type, reason }: ItemError): boolean {
  return (
    type === 'cluster_block_exception' && /flood-stage|read-only-allow-delete|read-only \/ allow delete/.test(reason)
  );
}

function diskFull(place: string): TrawlError {
  return new TrawlError('SINK_FULL', `${place} takes no documents: a disk is over the flood-stage watermark.`, {
    hint: 'Make room there; sending goes on by itself, on old versions after index.blocks.read_only_allow_delete is taken off.',
  });
}

function fieldOf({ reason }: ItemError): string {
  const [, field] = /field \[([^\]]{1,100})\]/.exec(reason) ?? [];
  const [, type] = /of type \[([a-z_]{1,40})\]/.exec(reason) ?? [];
  return `${field === undefined ? '' : ` at field ${printable(field)}`}${type === undefined ? '' : ` (${type})`}`;
}

const hints: Readonly<Record<string, string>> = {
  index_not_found_exception: 'Make the index, or allow it to be made by itself (action.auto_create_index).',
  security_exception:
    'Give the credentials of the sink the right to write to the index (create_doc, index, auto_configure).',
  cluster_block_exception: 'Take the block off the index (index.blocks), or write to another one.',
  index_closed_exception: 'Open the index, or write to another one.',
  invalid_index_name_exception: 'Correct index of the sink.',
};

function rejected(status: number, { type, reason }: ItemError, place: string): TrawlError {
  const onlyCreates = /op_type of create are allowed in data streams/.test(reason);
  const message = `${place} answered ${status}${type ? ` ${type}` : ''} for a document.`;
  if (status >= 500) {
    return new TrawlError('SINK_UNAVAILABLE', message, {
      hint: 'It is tried again by itself; if it stays so, look at the health of the cluster.',
    });
  }
  const hint = onlyCreates ? 'Set dataStream=yes for the sink.' : hints[type];
  return new TrawlError('SINK_REFUSED', message, {
    hint: hint ?? 'Look at index, alias and ingest pipeline of the sink, and at the log of the cluster.',
  });
}

/** The error of an answer that is no success as a whole. */
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

const indexHint = 'Check index and dataStream of the sink, and that url is that of Elasticsearch or OpenSearch.';
