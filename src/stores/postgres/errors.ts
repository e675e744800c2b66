import { TrawlError } from '../../errors.js';
import { type Meaning, storeError } from '../errors.js';
import { refusalOf } from './refusals.js';

const wait = 'Collecting resumes when it answers again.';
const network = `Check the host in TRAWL_STORE and the network. ${wait}`;
const grants =
  'The role that makes and upgrades the tables needs GRANT CONNECT ON DATABASE …, and GRANT USAGE, CREATE ON SCHEMA …. A role of workers needs the grants of docs/postgres.md: after an upgrade, run "trawl status" with the first role and repeat them.';

/** Meanings of SQLSTATE codes (whole or by class) and of Node.js connection errors. */
const meanings: Readonly<Record<string, Meaning>> = {
  '28P01': { code: 'STORE_REFUSED', what: 'refuses the user or password', hint: 'Correct them in TRAWL_STORE.' },
  '28': { code: 'STORE_REFUSED', what: 'refuses this user', hint: 'See pg_hba.conf and the user in TRAWL_STORE.' },
  '3D000': { code: 'STORE_REFUSED', what: 'has no such database', hint: 'Create it, or correct TRAWL_STORE.' },
  '3F000': { code: 'STORE_REFUSED', what: 'has no schema to use', hint: grants },
  '42501': { code: 'STORE_REFUSED', what: 'refuses this role the privilege', hint: grants },
  '25006': {
    code: 'STORE_READ_ONLY',
    what: 'is read-only',
    hint: `It may be a standby: name the primary, or wait until the failover is over. ${wait}`,
  },
  '53100': {
    code: 'STORE_FULL',
    what: 'has no room left',
    hint: 'Free disk space; collecting then resumes.',
  },
  '53300': {
    code: 'STORE_BUSY',
    what: 'takes no more connections',
    hint: 'Lower TRAWL_STORE_POOL or raise max_connections.',
  },
  '53': { code: 'STORE_BUSY', what: 'lacks memory or another resource', hint: wait },
  '40': { code: 'STORE_BUSY', what: 'rolled back a transaction in favour of another one', hint: wait },
  '55P03': {
    code: 'STORE_BUSY',
    what: 'held a lock for too long',
    hint: 'Look for long transactions in pg_stat_activity.',
  },
  '57014': { code: 'STORE_BUSY', what: 'took too long', hint: 'Look for long transactions in pg_stat_activity.' },
  '57P04': {
    code: 'STORE_REFUSED',
    what: 'has dropped this database',
    hint: 'Create it again, or correct TRAWL_STORE.',
  },
  '57': { code: 'STORE_BUSY', what: 'is shutting down or starting', hint: wait },
  '08': { code: 'STORE_BUSY', what: 'does not answer', hint: wait },
  XX001: { code: 'STORE_CORRUPT', what: 'reports damaged data', hint: 'Restore it from a backup.' },
  XX002: { code: 'STORE_CORRUPT', what: 'reports a damaged index', hint: 'REINDEX it, or restore a backup.' },
  ENOTFOUND: { code: 'STORE_FAILED', what: 'has no address', hint: 'Check the host in TRAWL_STORE.' },
  EAI_AGAIN: { code: 'STORE_BUSY', what: 'cannot be resolved at the moment', hint: wait },
  ECONNREFUSED: {
    code: 'STORE_BUSY',
    what: 'refuses connections',
    hint: `Check host and port in TRAWL_STORE. ${wait}`,
  },
  ECONNRESET: { code: 'STORE_BUSY', what: 'broke the connection', hint: wait },
  EPIPE: { code: 'STORE_BUSY', what: 'broke the connection', hint: wait },
  ECONNABORTED: { code: 'STORE_BUSY', what: 'broke the connection', hint: wait },
  ETIMEDOUT: { code: 'STORE_BUSY', what: 'does not answer', hint: wait },
  EHOSTUNREACH: { code: 'STORE_BUSY', what: 'cannot be reached', hint: network },
  EHOSTDOWN: { code: 'STORE_BUSY', what: 'cannot be reached', hint: network },
  ENETUNREACH: { code: 'STORE_BUSY', what: 'cannot be reached', hint: network },
  ENETDOWN: { code: 'STORE_BUSY', what: 'cannot be reached', hint: network },
  ENOENT: {
    code: 'STORE_REFUSED',
    what: 'cannot be reached because a file is missing',
    hint: 'Check sslrootcert, sslcert and sslkey in TRAWL_STORE.',
  },
};

const tls: Meaning = {
  code: 'STORE_REFUSED',
  what: 'is not trusted, or does not speak TLS as configured',
  hint: 'Check sslmode, sslrootcert, sslcert and sslkey in TRAWL_STORE. With sslmode=disable, it goes without TLS.',
};

const broken: Meaning = { code: 'STORE_BUSY', what: 'broke the connection or does not answer', hint: wait };

/**
 * @param place the store's URL without its password
 * @param connecting whether a connection was being opened
 */
export function postgresError(error: unknown, place: string, connecting = false): TrawlError {
  return error instanceof TrawlError ? error : storeError(error, place, meaningOf(error, connecting));
}

function meaningOf(error: unknown, connecting: boolean): Meaning | undefined {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const { code = '', message = '' } = inner as { code?: string; message?: string };
  if (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code) ||
    (/SSL/.test(message) && !isSqlState(code))
  )
    return tls;
  if (/^Connection terminated|timeout|Client has encountered a connection error/i.test(message) && code === '')
    return broken;
  return refusalOf(code, message, connecting) ?? meanings[code] ?? meanings[code.slice(0, 2)];
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/** Returns whether the error makes its connection unusable: a new connection may reach another server. */
export function endsConnection(error: unknown): boolean {
  const { code } = error as { code?: string };
  return typeof code !== 'string' || !isSqlState(code) || /^(08|57|25006|58|XX)/.test(code);
}
