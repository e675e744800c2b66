import type { Meaning } from '../errors.js';
import { tlsUnanswered } from './tls.js';

/** The startup parameters that Trawl sends and PgBouncer does not know. */
const ownParameters = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

interface Refusal {
  code: RegExp;
  message?: RegExp;
  meaning: Meaning | ((message: string) => Meaning);
}

const busy: Meaning = {
  code: 'STORE_BUSY',
  what: 'is not available through the pooler at the moment',
  hint: 'Look at the pooler in between. Collecting resumes when it answers again.',
};

/**
 * Poolers give nearly every refusal of theirs the code for a broken protocol, which otherwise passes by itself. So the
 * message decides; what is not listed is temporary.
 */
const ofPoolers: readonly Refusal[] = [
  { code: /^08P01$/, message: /unsupported (?:options )?startup parameter/i, meaning: unsupportedParameter },
  { code: /^08P01$/, message: /too many|no more connections|timeout|starting up|shut/i, meaning: busy },
  {
    code: /^08P01$/,
    message: /no such database/i,
    meaning: refused('has no such database', 'Create it, correct TRAWL_STORE, or add it to the pooler in between.'),
  },
  {
    code: /^(?:08P01|XX000)$/,
    message: /no such user|user not found|auth\w* failed|login rejected/i,
    meaning: refused('refuses the user or password', 'Correct them in TRAWL_STORE, or in the pooler in between.'),
  },
  {
    code: /^08P01$/,
    message: /\b(?:SSL|TLS)\b.*required/i,
    meaning: refused('requires TLS', 'Add sslmode=verify-full to TRAWL_STORE.'),
  },
  {
    code: /^08P01$/,
    message: /config\w* error|disabled|not allowed|unsupported|not supported/i,
    meaning: refused('is behind a pooler that refuses this connection', 'Correct the configuration of the pooler.'),
  },
];

/** Refusals of a new connection. Some of these codes mean something else for a statement. */
const ofConnections: readonly Refusal[] = [
  {
    code: /^55000$/,
    meaning: refused(
      'takes no connections to this database',
      'Allow them (ALTER DATABASE … ALLOW_CONNECTIONS true), or correct TRAWL_STORE.',
    ),
  },
  {
    code: /^(?:22...|42(?!501)...|55P02|0A000)$/,
    meaning: refused('refuses a startup parameter', 'Correct options in TRAWL_STORE, or the defaults of this role.'),
  },
  {
    code: /^(?:EACCES|EPERM|EISDIR|ENOTDIR|ELOOP|ENAMETOOLONG)$/,
    meaning: refused('cannot be reached because of a file', 'Check sslrootcert, sslcert and sslkey in TRAWL_STORE.'),
  },
  {
    code: /^$/,
    message: /^SASL|password must be a string/i,
    meaning: refused('cannot be signed in to', 'Check that TRAWL_STORE has a password, and pg_hba.conf.'),
  },
  {
    code: /^28000$/,
    message: /pg_hba\.conf.*SSL (?:encryption|on)\b/,
    meaning: refused(
      'refuses this user with TLS',
      'See pg_hba.conf and the user in TRAWL_STORE. If the server takes the user without TLS only, add sslmode=disable.',
    ),
  },
  {
    code: /^$/,
    message: new RegExp(tlsUnanswered),
    meaning: {
      code: 'STORE_BUSY',
      what: 'broke the connection when it was asked for TLS',
      hint: 'Collecting resumes when it answers. If the server, or a proxy in between, knows no TLS, add sslmode=disable to TRAWL_STORE.',
    },
  },
  {
    code: /^$/,
    message: /sslmode/,
    meaning: refused('cannot be verified', 'Add sslrootcert to TRAWL_STORE, or use sslmode=verify-full.'),
  },
];

/**
 * The meaning of a refusal whose code alone does not say it; undefined for any other error.
 * @param connecting whether a connection was being opened
 */
export function refusalOf(code: string, text: string, connecting: boolean): Meaning | undefined {
  const rules = connecting ? [...ofPoolers, ...ofConnections] : ofPoolers;
  const found = rules.find((rule) => rule.code.test(code) && (rule.message?.test(text) ?? true))?.meaning;
  return typeof found === 'function' ? found(text) : found;
}

function refused(what: string, hint: string): Meaning {
  return { code: 'STORE_REFUSED', what, hint };
}

/** PgBouncer names only the first parameter; the line takes them all. */
function unsupportedParameter(text: string): Meaning {
  const named = /unsupported startup parameter(?: in options)?: "?([a-z_.]+)/i.exec(text)?.slice(1) ?? [];
  const names = [...new Set([...ownParameters, ...(text.includes('options') ? ['options'] : []), ...named])];
  return refused(
    'is behind a pooler that refuses a startup parameter',
    `Set ignore_startup_parameters = ${names.join(',')} in pgbouncer.ini and reload it; see docs/postgres.md.`,
  );
}
