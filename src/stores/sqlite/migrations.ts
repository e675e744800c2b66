/** In the header of a backup, as `PRAGMA application_id`: "TrwB". What it says of expected runs is about the store. */
export const backupMark = 0x54727742;

/**
 * Numbered, append-only: the n-th text migrates version n - 1 to n (`PRAGMA user_version`).
 *
 * An event is stored once by (collector, id): see event-ids.ts, whose `event_id_digest` migrations can call. The index
 * on (collector, time_ns, seq) serves time filters. Rows of audit_pages are never removed.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE audit_checkpoints (
    collector TEXT PRIMARY KEY,
    last_offset TEXT NOT NULL DEFAULT '',
    last_date_time TEXT,
    last_count INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL DEFAULT 0,
    last_digest TEXT NOT NULL DEFAULT '',
    refused_offset TEXT,
    newest_timestamp TEXT,
    newest_time_ns INTEGER,
    pages INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE audit_events (
    collector TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    user TEXT NOT NULL,
    client TEXT NOT NULL,
    gateway TEXT NOT NULL,
    "group" TEXT NOT NULL,
    project TEXT NOT NULL,
    hostname TEXT NOT NULL,
    server TEXT NOT NULL,
    from_addr TEXT NOT NULL,
    raw_event TEXT NOT NULL,
    extra TEXT,
    collected_at TEXT NOT NULL,
    UNIQUE (collector, id)
  ) STRICT;
  CREATE UNIQUE INDEX audit_events_seq ON audit_events (collector, seq);
  CREATE INDEX audit_events_time ON audit_events (collector, time_ns, seq);

  CREATE TABLE audit_related_objects (
    collector TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (collector, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE environment_variables (
    collector TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (collector, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE execution_log (
    line INTEGER PRIMARY KEY AUTOINCREMENT,
    collector TEXT NOT NULL,
    datetime TEXT NOT NULL,
    events_written INTEGER NOT NULL,
    notes TEXT NOT NULL,
    key TEXT UNIQUE
  ) STRICT;
  CREATE INDEX execution_log_collector ON execution_log (collector, line);

  CREATE TABLE staged_pages (
    key TEXT PRIMARY KEY,
    collector TEXT NOT NULL,
    "offset" TEXT NOT NULL,
    generation INTEGER NOT NULL,
    next_offset TEXT NOT NULL,
    body BLOB NOT NULL,
    staged_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX staged_pages_age ON staged_pages (staged_at);

  CREATE TABLE rejected_events (
    collector TEXT NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    "offset" TEXT NOT NULL,
    raw TEXT NOT NULL,
    rejected_at TEXT NOT NULL,
    PRIMARY KEY (collector, digest)
  ) STRICT;

  CREATE TABLE audit_pages (
    collector TEXT NOT NULL,
    number INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,
    "offset" TEXT NOT NULL,
    generation INTEGER NOT NULL,
    events INTEGER NOT NULL,
    new_events INTEGER NOT NULL,
    first_seq INTEGER,
    last_seq INTEGER,
    digest TEXT NOT NULL,
    note TEXT NOT NULL,
    committed_at TEXT NOT NULL,
    PRIMARY KEY (collector, number)
  ) STRICT;

  -- Requests to sources that allow few of them, so that a restart does not forget those just made.
  CREATE TABLE source_requests (
    place TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX source_requests_place ON source_requests (place, at_ms);

  -- Ids of cleared events whose page is still open: it is read again, and they are not to come back.
  CREATE TABLE cleared_event_ids (
    collector TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (collector, id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Stretches of time whose events the source no longer held when they were to be read.
  CREATE TABLE retention_gaps (
    collector TEXT NOT NULL,
    from_time TEXT NOT NULL,
    to_time TEXT NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (collector, from_time)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- When everything that the source had was read last; and the cron that runs are expected by, since when, with the
  -- time of the last run of a Schedule whose cron is not known.
  ALTER TABLE audit_checkpoints ADD COLUMN caught_up_at TEXT;
  ALTER TABLE audit_checkpoints ADD COLUMN due_cron TEXT;
  ALTER TABLE audit_checkpoints ADD COLUMN due_since TEXT;
  ALTER TABLE audit_checkpoints ADD COLUMN due_tick TEXT;
  `,
  `
  -- Tells this store from any other: all workers of one task queue must have the same.
  CREATE TABLE store_identity (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  INSERT INTO store_identity (id) VALUES (lower(hex(randomblob(8))));

  -- The store that this one was copied from.
  CREATE TABLE store_copy (source TEXT NOT NULL, finished INTEGER NOT NULL) STRICT;
  `,
  `
  -- Offloading: what each batch holds is fixed here before it is sent, and the cursor moves when the sink has it.
  CREATE TABLE offload_batches (
    collector TEXT NOT NULL,
    sink TEXT NOT NULL,
    series TEXT NOT NULL,
    number INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    events INTEGER NOT NULL,
    since_ns INTEGER,
    until_ns INTEGER,
    form TEXT NOT NULL,
    fixed_at TEXT NOT NULL,
    confirmed_at TEXT,
    objects TEXT NOT NULL DEFAULT '[]',
    bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (collector, sink, series, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX offload_batches_open ON offload_batches (collector, sink, series) WHERE confirmed_at IS NULL;

  CREATE TABLE offload_cursors (
    collector TEXT NOT NULL,
    sink TEXT NOT NULL,
    series TEXT NOT NULL,
    last_seq INTEGER NOT NULL DEFAULT 0,
    batches INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    confirmed_at TEXT,
    failure TEXT,
    failed_at TEXT,
    PRIMARY KEY (collector, sink, series)
  ) STRICT, WITHOUT ROWID;

  -- Events that a sink took and cannot keep, each with its reason.
  CREATE TABLE refused_events (
    collector TEXT NOT NULL,
    sink TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    refused_at TEXT NOT NULL,
    PRIMARY KEY (collector, sink, seq)
  ) STRICT, WITHOUT ROWID;

  -- Ids of events that were cleared after every sink had them: they do not come back when a page is read again.
  CREATE TABLE offloaded_event_ids (
    collector TEXT NOT NULL,
    id TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (collector, id)
  ) STRICT, WITHOUT ROWID;

  -- When a page brought it last, to the day.
  ALTER TABLE audit_related_objects ADD COLUMN seen_at TEXT NOT NULL DEFAULT '';
  `,
  `
  -- How far a batch has come that is sent in several requests, and who sends it.
  ALTER TABLE offload_batches ADD COLUMN sent_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE offload_batches ADD COLUMN sender TEXT NOT NULL DEFAULT '';

  -- Ids are kept for as long as the source may bring their events again, from when these were cleared.
  ALTER TABLE offloaded_event_ids ADD COLUMN cleared_at TEXT NOT NULL DEFAULT '';
  UPDATE offloaded_event_ids SET cleared_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
  CREATE INDEX offloaded_event_ids_age ON offloaded_event_ids (collector, cleared_at);

  ALTER TABLE audit_checkpoints ADD COLUMN pruned_at TEXT;
  `,
  `
  -- Which ids are stored: in three tables instead of one index over (collector, id). An entry leads to an event of any
  -- collector that has the digest and the sequence number.
  CREATE TABLE audit_event_ids_0 (
    digest INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (digest, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit_event_ids_1 (
    digest INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (digest, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit_event_ids_2 (
    digest INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (digest, seq)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO audit_event_ids_2 (digest, seq)
    SELECT DISTINCT event_id_digest(collector, id), seq FROM audit_events ORDER BY 1, 2;

  -- The same without UNIQUE (collector, id), whose index cannot be dropped.
  CREATE TABLE audit_events_moved (
    collector TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    user TEXT NOT NULL,
    client TEXT NOT NULL,
    gateway TEXT NOT NULL,
    "group" TEXT NOT NULL,
    project TEXT NOT NULL,
    hostname TEXT NOT NULL,
    server TEXT NOT NULL,
    from_addr TEXT NOT NULL,
    raw_event TEXT NOT NULL,
    extra TEXT,
    collected_at TEXT NOT NULL
  ) STRICT;
  INSERT INTO audit_events_moved SELECT collector, seq, id, timestamp, time_ns, type, actor, user, client, gateway, "group",
    project, hostname, server, from_addr, raw_event, extra, collected_at FROM audit_events ORDER BY rowid;
  DROP TABLE audit_events;
  -- Views that somebody else has made of the table are left alone.
  PRAGMA legacy_alter_table = ON;
  ALTER TABLE audit_events_moved RENAME TO audit_events;
  PRAGMA legacy_alter_table = OFF;
  CREATE UNIQUE INDEX audit_events_seq ON audit_events (collector, seq);
  CREATE INDEX audit_events_time ON audit_events (collector, time_ns, seq);
  `,
  `
  -- Of which pages events were rejected, and whether a rejected event has been stored or acknowledged since. Those of
  -- earlier versions are open. The id is null where it could not be read.
  ALTER TABLE audit_pages ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rejected_events ADD COLUMN event_id TEXT;
  ALTER TABLE rejected_events ADD COLUMN settled_at TEXT;
  CREATE INDEX rejected_events_unsettled ON rejected_events (collector, rejected_at)
    WHERE kind = 'event' AND settled_at IS NULL;

  -- Events of a batch that its sink has confirmed in parts, and those that were no longer stored when it was sent.
  ALTER TABLE offload_batches ADD COLUMN sent_events INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE offload_batches ADD COLUMN gone_events INTEGER NOT NULL DEFAULT 0;

  -- Until when a batch is its sender's alone, in epoch ms by the database's clock; and which attempt of the sender has it.
  ALTER TABLE offload_batches ADD COLUMN leased_until_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE offload_batches ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;

  -- When somebody gave up a repetition.
  ALTER TABLE offload_cursors ADD COLUMN dropped_at TEXT;

  -- Clearings whose rows are still being removed: of all events up to a number, of which sinks have those up to another.
  CREATE TABLE clearings (
    collector TEXT NOT NULL,
    up_to_seq INTEGER NOT NULL,
    sent_seq INTEGER NOT NULL,
    removed_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (collector, up_to_seq)
  ) STRICT, WITHOUT ROWID;

  -- The last event that a power cut cannot take back; null if that is all.
  ALTER TABLE audit_checkpoints ADD COLUMN durable_seq INTEGER;

  -- Retention deletes the oldest a part at a time.
  CREATE INDEX audit_related_objects_age ON audit_related_objects (collector, seen_at);
  `,
  `
  -- What else the worker that read a page knows about it: the write takes it from here, not from its input. \`more\` is null
  -- in rows of earlier versions.
  ALTER TABLE staged_pages ADD COLUMN more INTEGER;
  ALTER TABLE staged_pages ADD COLUMN gap_from TEXT;
  ALTER TABLE staged_pages ADD COLUMN gap_to TEXT;
  ALTER TABLE staged_pages ADD COLUMN warning TEXT;
  ALTER TABLE staged_pages ADD COLUMN not_caught_up TEXT;

  -- 1 if only a run has told when runs are expected, which anyone who can reach Temporal can make it do.
  ALTER TABLE audit_checkpoints ADD COLUMN due_told INTEGER NOT NULL DEFAULT 0;
  UPDATE audit_checkpoints SET due_told = 1 WHERE due_tick IS NOT NULL;
  `,
  `
  -- Proof of completeness: of each collector a Merkle tree of its events and one of its journal, by tiles of 256 hashes.
  CREATE TABLE proof_tiles (
    collector TEXT NOT NULL,
    log TEXT NOT NULL,
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (collector, log, level, number)
  ) STRICT;

  -- Why each event and each page is there, and why each one that is missing is not. Rows are never changed.
  CREATE TABLE proof_journal (
    collector TEXT NOT NULL,
    number INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (collector, number)
  ) STRICT;

  -- How many events, entries of the journal and pages the trees cover; in which store they began; their signed heads.
  CREATE TABLE proof_heads (
    collector TEXT PRIMARY KEY,
    store TEXT NOT NULL,
    events INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    pages INTEGER NOT NULL DEFAULT 0,
    events_note TEXT,
    journal_note TEXT
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Events that somebody has erased, and why. The digest of the id keeps an event from being collected again.
  CREATE TABLE erased_events (
    collector TEXT NOT NULL,
    seq INTEGER NOT NULL,
    digest TEXT NOT NULL,
    reason TEXT NOT NULL,
    erased_by TEXT NOT NULL,
    erased_at TEXT NOT NULL,
    PRIMARY KEY (collector, seq)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Heads of the proof that lie elsewhere: the newest at each place, such as a sink. An epoch begins when a store that was
  -- set back is continued. \`forked\` says that it was, and is not continued yet.
  CREATE TABLE proof_anchors (
    collector TEXT NOT NULL,
    place TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    size INTEGER NOT NULL,
    events INTEGER NOT NULL,
    anchored_at TEXT NOT NULL,
    PRIMARY KEY (collector, place, epoch)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE proof_heads ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE proof_heads ADD COLUMN forked TEXT;
  `,
];
