interface LoggedRequest {
  method: string;
  /** With its query. */
  path: string;
  /** 0 if the connection broke before any answer. */
  status: number;
  /** True if it carried an Authorization header. */
  authorization: boolean;
}

/** The requests under /v1 so far; each is recorded when its answer is decided. */
export interface RequestRecord {
  total: number;
  tokens: number;
  audits: number;
  byStatus: Record<number, number>;
  /** The latest 1,000, oldest first. */
  log: LoggedRequest[];
}

const logLengthMax = 1000;

export function newRecord(): RequestRecord {
  return { total: 0, tokens: 0, audits: 0, byStatus: {}, log: [] };
}

export function record(requests: RequestRecord, kind: 'token' | 'audits' | undefined, request: LoggedRequest): void {
  requests.total += 1;
  if (kind === 'token') requests.tokens += 1;
  if (kind === 'audits') requests.audits += 1;
  requests.byStatus[request.status] = (requests.byStatus[request.status] ?? 0) + 1;
  requests.log.push(request);
  if (requests.log.length > logLengthMax) requests.log.shift();
}
