/**
 * One error class with a closed list of codes. A code says whether a retry of the same call may succeed (`retry`), and
 * every error carries a sentence that tells a person what to do. Foreign errors are translated where they arise and
 * keep their cause; `activities/failure.ts` turns a TrawlError into Temporal's ApplicationFailure.
 */
export const errorCodes = {
  // Settings and input: a person must change something.
  SETTINGS_INVALID: { retry: false },
  SECRET_REFUSED: { retry: false },
  NOT_THROUGH_TEMPORAL: { retry: false },
  COLLECTOR_UNKNOWN: { retry: false },
  EVENT_UNKNOWN: { retry: false },
  INPUT_INVALID: { retry: false },
  // The source.
  CREDENTIALS_REFUSED: { retry: false },
  ACCESS_DENIED: { retry: false },
  NOT_FOUND: { retry: false },
  REQUEST_REFUSED: { retry: false },
  OFFSET_UNKNOWN: { retry: false },
  OFFSET_REFUSED_AGAIN: { retry: false },
  LINK_REFUSED: { retry: false },
  PAGE_TOO_LARGE: { retry: false },
  TOKEN_REFUSED: { retry: true },
  RATE_LIMITED: { retry: true },
  SOURCE_UNAVAILABLE: { retry: true },
  PROXY_REFUSED: { retry: false },
  ANSWER_UNREADABLE: { retry: true },
  // The store.
  STORE_FULL: { retry: true },
  STORE_READ_ONLY: { retry: true },
  STORE_BUSY: { retry: true },
  STORE_FAILED: { retry: true },
  STORE_CORRUPT: { retry: false },
  STORE_NEWER: { retry: false },
  STORE_OLDER: { retry: false },
  STORE_REFUSED: { retry: false },
  COPY_REFUSED: { retry: false },
  BACKUP_REFUSED: { retry: false },
  COPY_DIFFERS: { retry: false },
  STAGED_PAGE_GONE: { retry: false },
  // Sinks.
  SINK_UNAVAILABLE: { retry: true },
  SINK_SLOW: { retry: true },
  SINK_ANSWER_UNREADABLE: { retry: true },
  SINK_FULL: { retry: true },
  SINK_REFUSED: { retry: false },
  // Temporal and this machine.
  TEMPORAL_UNREACHABLE: { retry: true },
  TEMPORAL_REFUSED: { retry: false },
  TEMPORAL_CLI_MISSING: { retry: false },
  TEMPORAL_SERVER_FAILED: { retry: false },
  STORES_DIFFER: { retry: false },
  PAYLOAD_UNREADABLE: { retry: false },
  NO_WORKER: { retry: false },
  NOT_RUNNING: { retry: false },
  ALREADY_RUNNING: { retry: false },
  PORT_TAKEN: { retry: false },
  CLOCK_WRONG: { retry: false },
  OUTPUT_FAILED: { retry: false },
  SYSTEM_REFUSED: { retry: true },
  RUN_FAILED: { retry: false },
  QUERY_REFUSED: { retry: false },
} as const satisfies Record<string, { retry: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

interface TrawlErrorOptions {
  /** Tells a person what to do now, in one sentence. */
  hint: string;
  cause?: unknown;
  /** Milliseconds to wait before the call is retried. */
  retryAfterMs?: number | undefined;
  /** True if a request for less may succeed, such as a smaller page. */
  tooMuch?: boolean;
  /** Overrides whether the code is retried. */
  retry?: boolean | undefined;
}

/** An error for a person to read: `message` says what happened, `hint` what to do. Neither contains a secret. */
export class TrawlError extends Error {
  readonly code: ErrorCode;
  hint: string;
  readonly retry: boolean;
  readonly retryAfterMs: number | undefined;
  /** True if a request for less may succeed. */
  readonly tooMuch: boolean;

  constructor(code: ErrorCode, message: string, options: TrawlErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TrawlError';
    this.code = code;
    this.hint = options.hint;
    this.retry = options.retry ?? errorCodes[code].retry;
    this.retryAfterMs = options.retryAfterMs;
    this.tooMuch = options.tooMuch ?? code === 'PAGE_TOO_LARGE';
  }
}

/** Message and hint on one line, as the Temporal UI and the terminal show them. */
export function sentence(error: TrawlError): string {
  return `${error.message} ${error.hint}`;
}

const causesMax = 5;

/** The message of any thrown value and of its causes, on one line. */
export function reasonOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const own = error.message || code || error.name;
  const ends = error.cause === undefined || error.cause === null || depth >= causesMax;
  return ends ? own : `${own}: ${reasonOf(error.cause, depth + 1)}`;
}
