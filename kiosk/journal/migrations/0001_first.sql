-- The first schema. Nothing here names a person.

-- One row per migration that was applied (PRAGMA user_version holds the last number for a quick look).
CREATE TABLE schema_version (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TEXT NOT NULL
) STRICT;

-- The audit chain, and what it records: a row that commits a case or a rating also holds it, so that a commit writes one
-- row and neither can be without the other. seq counts 1, 2, 3; hash covers the row (without sealed) and the hash before
-- it. about is empty but for items: JSON of case_no, meta, numbers (the reserved numbers this case spent, "kind=serial",
-- space between: the record of what is spent), parts ([[kind, hex sha256, length], ...]) and, of a rating, service.
-- sealed: those parts one after another, the envelope (or the rating) first; then, until the item is filed (see sending),
-- the papers kept for the next visit, `kept` bytes of them. Last, so that looking at the chain never reads it. Rows stay for
-- good; retention may erase sealed.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    item TEXT NOT NULL,
    details TEXT NOT NULL,
    about TEXT NOT NULL,
    hash TEXT NOT NULL,
    sealed BLOB
) STRICT;

-- How the sending of an item stands, under the seq of its audit row. An item is filed here by the next write after its
-- commit, which so writes no index: an item without a row here is queued, not tried, and lies after all that have one.
CREATE TABLE sending (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'acknowledged', 'rejected', 'quarantined')),
    next_attempt_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    cause TEXT NOT NULL,
    settled_at TEXT NOT NULL,
    ack TEXT NOT NULL
) STRICT;

CREATE VIEW outbox AS SELECT
    a.seq,
    CASE a.event WHEN 'case.committed' THEN a.item ELSE a.details ->> 'rating' END AS id,
    CASE a.event WHEN 'case.committed' THEN 'case' ELSE 'rating' END AS kind,
    a.item AS case_id,
    coalesce(a.about ->> 'case_no', '') AS case_no,
    coalesce(a.details ->> 'service', a.about ->> 'service') AS service_id,
    coalesce(a.details ->> 'version', '') AS pack_version,
    coalesce(a.details ->> 'outcome', '') AS outcome,
    coalesce(a.details ->> 'rung', '') AS rung,
    coalesce(a.details ->> 'verification', '') AS verification,
    a.at AS created_at,
    a.details ->> 'test' AS test,
    coalesce(a.about ->> 'numbers', '') AS numbers,
    coalesce(a.about ->> 'kept', 0) AS kept,
    a.details ->> 'hash' AS hash,
    a.about -> 'meta' AS meta,
    a.about -> 'parts' AS parts,
    coalesce(s.state, 'queued') AS state,
    coalesce(s.attempts, 0) AS attempts,
    coalesce(s.cause, '') AS cause,
    coalesce(s.ack, '') AS ack,
    a.sealed AS data
FROM audit a LEFT JOIN sending s ON s.seq = a.seq WHERE a.about <> '';

CREATE VIEW cases AS SELECT * FROM outbox WHERE kind = 'case';

-- One rating per case.
CREATE TABLE ratings (
    case_id TEXT PRIMARY KEY,
    rating_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers first to last, both included. next: the first that no filed case spent; those of the rest the audit rows say.
CREATE TABLE blocks (
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    next INTEGER NOT NULL,
    area_code TEXT NOT NULL,
    signature TEXT NOT NULL,
    added_at TEXT NOT NULL,
    PRIMARY KEY (kind, first)
) STRICT, WITHOUT ROWID;

-- Without an index on claim, which every commit would pay for: the table is short, because its papers are short-lived.
CREATE TABLE kept_papers (
    id INTEGER PRIMARY KEY,
    claim BLOB NOT NULL,
    case_id TEXT NOT NULL,
    paper TEXT NOT NULL,
    sealed BLOB NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Ends of the audit chain as the terminal signed them for its backend (kiosk/wire/log.py: Checkpoint, as JSON). Of days gone
-- by the last one stays; the backend's newest receipt is in meta.
CREATE TABLE checkpoints (
    seq INTEGER NOT NULL,
    key_epoch INTEGER NOT NULL,
    day TEXT NOT NULL,
    signed TEXT NOT NULL,
    PRIMARY KEY (seq, key_epoch)
) STRICT, WITHOUT ROWID;
