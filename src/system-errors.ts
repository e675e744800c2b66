import { reasonOf, TrawlError } from './errors.js';

const elsewhere = 'set TRAWL_DATA, HOME or TMPDIR to another folder';
const rights = `Give this user the permission, or ${elsewhere}.`;
const room = 'Free some space there.';
const form = 'Look at that path: it is not what Trawl needs there.';
const limit = 'Raise the limit on open files (ulimit -n) for this user.';

/** Errors of the operating system that a person can end, and how. */
const hints: Readonly<Record<string, string>> = {
  EACCES: rights,
  EPERM: rights,
  EROFS: `That file system is read-only: ${elsewhere}.`,
  ENOSPC: room,
  EDQUOT: room,
  EMFILE: limit,
  ENFILE: limit,
  ENOTDIR: form,
  EISDIR: form,
  ELOOP: form,
  ENAMETOOLONG: form,
  EIO: 'Check the disk and the system log.',
  ESTALE: 'Check the mount and the system log.',
  ENOMEM: 'The machine has no memory left: end other programs, or give it more.',
};

/** Calls that are about something else than a file; other codes of theirs are left to whoever made them. */
const elsewhereHints: readonly [RegExp, RegExp, string][] = [
  [
    /^(connect|listen|bind|send|recv)/,
    /^(EACCES|EPERM)$/,
    'Check the firewall, and whether this user may use that address and port.',
  ],
  [/^kill$/, /^EPERM$/, 'That process belongs to another user.'],
  [/^spawn/, /^EAGAIN$/, 'The machine starts no more processes: end some, or raise the limit (ulimit -u).'],
];

function hintFor(code: string, syscall: string): string | undefined {
  if (syscall === 'uv_cwd') return 'The working directory is gone: change to another one.';
  const own = elsewhereHints.find(([call, codes]) => call.test(syscall) && codes.test(code));
  if (own) return own[2];
  return /^(connect|listen|bind|send|recv|kill)/.test(syscall) && !/^(EMFILE|ENFILE|ENOMEM)$/.test(code)
    ? undefined
    : hints[code];
}

/**
 * The error for a call of the operating system that failed where nobody expected it: what a file, a disk or a limit
 * refuses is not a bug. Undefined if the error is something else.
 */
export function systemError(error: unknown): TrawlError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  const hint = hintFor(code, syscall);
  if (hint === undefined) return undefined;
  return new TrawlError('SYSTEM_REFUSED', `The operating system refuses a call: ${reasonOf(error)}.`, {
    hint,
    cause: error,
  });
}
