-- The first schema. Every table but meta and blocks only grows or changes state; nothing here names a person.

-- One row per migration that was applied (PRAGMA user_version holds the last number for a quick look).
CREATE TABLE schema_version (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TEXT NOT NULL
) STRICT;

-- seq is the item's place in the outbox, shared with ratings: cases have gaps, the outbox has none.
-- numbers: the reserved numbers this case spent, "kind=serial", space between.
CREATE TABLE cases (
    seq INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    case_no TEXT NOT NULL,
    service_id TEXT NOT NULL,
    pack_version TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rung TEXT NOT NULL,
    verification TEXT NOT NULL,
    committed_at TEXT NOT NULL,
    test INTEGER NOT NULL,
    numbers TEXT NOT NULL
) STRICT;

CREATE TABLE ratings (
    case_id TEXT PRIMARY KEY,
    rating_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    rated_at TEXT NOT NULL,
    test INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keyed by id, so that an id exists once whatever its kind. Rows stay; retention erases their materials only.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    meta TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'acknowledged', 'rejected', 'quarantined')),
    next_attempt_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    cause TEXT NOT NULL DEFAULT '',
    settled_at TEXT NOT NULL DEFAULT '',
    ack TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_queued ON outbox (seq, next_attempt_at) WHERE state = 'queued';

-- The sealed bytes: part 0 is the envelope (or the rating), the others its attachments in order.
-- id = seq * 256 + part keeps the parts of one item together without an index.
CREATE TABLE materials (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    item TEXT NOT NULL,
    details TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

-- next is the first number not spent yet; last + 1 when all are.
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

CREATE TABLE kept_papers (
    claim BLOB NOT NULL,
    case_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (claim, case_id, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
