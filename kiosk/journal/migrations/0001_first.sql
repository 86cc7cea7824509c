-- The first schema. Every table but meta only grows or changes state; nothing here names a person.

-- One row per migration that was applied (PRAGMA user_version holds the last number for a quick look).
CREATE TABLE schema_version (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TEXT NOT NULL
) STRICT;

-- One row per thing to send: a case or a rating, with what is known of it in clear and how its sending stands. A case
-- and its outbox item are one row, so that neither can be without the other, and a commit writes one page for both.
-- seq counts 1, 2, 3 in order of commit; an id exists once whatever its kind. numbers: the reserved numbers this case spent, "kind=serial", space between: the only
-- record of what is spent. Rows stay for good; retention erases their materials only.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    case_no TEXT NOT NULL,
    service_id TEXT NOT NULL,
    pack_version TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rung TEXT NOT NULL,
    verification TEXT NOT NULL,
    created_at TEXT NOT NULL,
    test INTEGER NOT NULL,
    numbers TEXT NOT NULL,
    hash TEXT NOT NULL,
    meta TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'acknowledged', 'rejected', 'quarantined')),
    next_attempt_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    cause TEXT NOT NULL,
    settled_at TEXT NOT NULL,
    ack TEXT NOT NULL
) STRICT;

CREATE VIEW cases AS SELECT * FROM outbox WHERE kind = 'case';

-- One rating per case.
CREATE TABLE ratings (
    case_id TEXT PRIMARY KEY,
    rating_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The sealed bytes of one item, one after another: the envelope (or the rating), then its attachments. parts lists
-- them as JSON: [[kind, hex sha256, length], ...].
CREATE TABLE materials (
    seq INTEGER PRIMARY KEY,
    parts TEXT NOT NULL,
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

-- Numbers first to last, both included. Which of them are spent, the cases say.
CREATE TABLE blocks (
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
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
    sealed BLOB NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
