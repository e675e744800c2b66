import { grantedLike } from './grants.js';

/** Migrations of the proof of completeness. */
export const proofTables = `
  -- Proof of completeness: of each collector a Merkle tree of its events and one of its journal, by tiles of 256 hashes.
  CREATE TABLE proof_tiles (
    collector text COLLATE "C" NOT NULL,
    log text COLLATE "C" NOT NULL,
    level bigint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (collector, log, level, number)
  );
  -- Hashes cannot be compressed.
  ALTER TABLE proof_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

  -- Why each event and each page is there, and why each one that is missing is not. Rows are never changed.
  CREATE TABLE proof_journal (
    collector text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    entry text NOT NULL,
    PRIMARY KEY (collector, number)
  );

  -- How many events, entries of the journal and pages the trees cover; in which store they began; their signed heads.
  CREATE TABLE proof_heads (
    collector text COLLATE "C" PRIMARY KEY,
    store text NOT NULL,
    events bigint NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    pages bigint NOT NULL DEFAULT 0,
    events_note text,
    journal_note text
  );

  -- Roles that could collect so far still can.
  DO $migration$
  DECLARE
    worker text;
  BEGIN
    FOR worker IN
      SELECT DISTINCT grantee::regrole FROM pg_class, aclexplode(relacl)
      WHERE oid = 'audit_pages'::regclass AND privilege_type = 'INSERT' AND grantee NOT IN (0, relowner)
    LOOP
      EXECUTE format('GRANT SELECT, INSERT ON proof_journal TO %s', worker);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE ON proof_tiles, proof_heads TO %s', worker);
    END LOOP;
  END $migration$;
  `;

export const erasedEvents = `
  -- Events that somebody has erased, and why. The digest of the id keeps an event from being collected again.
  CREATE TABLE erased_events (
    collector text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    digest text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    erased_by text NOT NULL,
    erased_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (collector, seq)
  );

  -- Only the owner erases.
  ${grantedLike('audit_pages', 'SELECT', 'erased_events')}
  `;

/** Heads of the proof at other places, and whether the store was set back. */
export const anchors = `
  -- Heads of the proof that lie elsewhere: the newest at each place, such as a sink. An epoch begins when a store that was
  -- set back is continued. \`forked\` says that it was, and is not continued yet.
  CREATE TABLE proof_anchors (
    collector text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    size bigint NOT NULL,
    events bigint NOT NULL,
    anchored_at text NOT NULL,
    PRIMARY KEY (collector, place, epoch)
  );
  ALTER TABLE proof_heads ADD COLUMN epoch bigint NOT NULL DEFAULT 1;
  ALTER TABLE proof_heads ADD COLUMN forked text;

  ${grantedLike('proof_heads', 'SELECT, INSERT, UPDATE', 'proof_anchors')}
  `;
