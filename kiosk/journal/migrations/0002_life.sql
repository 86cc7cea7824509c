-- The whole life of an item: drafts before it, results and prints behind it, and what was erased after its time.

-- What a citizen entered and did not commit, sealed to the card (kiosk/journal/drafts.py). At most one of a card.
CREATE TABLE drafts (
    id INTEGER PRIMARY KEY,
    claim BLOB NOT NULL,
    sealed BLOB NOT NULL,
    saved_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

-- What became of a case after the visit: the backend's last word. It goes when the case's bytes are erased.
CREATE TABLE results (
    case_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (case_id)
) STRICT, WITHOUT ROWID;

-- How often a kept paper was printed, and how the last print ended: begun, printed, not_printed, unknown.
CREATE TABLE prints (
    case_id TEXT NOT NULL,
    paper TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    how TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (case_id, paper)
) STRICT, WITHOUT ROWID;

-- Items whose sealed bytes were erased after their retention, by the seq of their audit row, which stays for good.
CREATE TABLE erased (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL
) STRICT;

-- Until now these stood in meta, without an end.
INSERT OR REPLACE INTO results SELECT substr(key, 8), value, strftime('%Y-%m-%dT%H:%M:%S', 'now', '+30 days') || '.000000+00:00'
    FROM meta WHERE key GLOB 'result.*';
INSERT OR REPLACE INTO prints SELECT substr(key, 8, 36), substr(key, 45), CAST(value AS INTEGER),
    ltrim(substr(value, instr(value, ' ')), ' '), strftime('%Y-%m-%dT%H:%M:%S', 'now', '+30 days') || '.000000+00:00'
    FROM meta WHERE key GLOB 'prints.*';
DELETE FROM meta WHERE key GLOB 'result.*' OR key GLOB 'prints.*';

-- The views say of each item how far it has come (life), from committed to erased; see kiosk/journal/README.md.
DROP VIEW cases;
DROP VIEW outbox;
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
    coalesce(s.settled_at, '') AS settled_at,
    coalesce(e.at, '') AS erased_at,
    a.sealed AS data
FROM audit a LEFT JOIN sending s ON s.seq = a.seq LEFT JOIN erased e ON e.seq = a.seq WHERE a.about <> '';

CREATE VIEW cases AS SELECT o.*,
    coalesce(r.outcome, '') AS result,
    CASE
        WHEN o.erased_at <> '' THEN 'erased'
        WHEN o.state = 'acknowledged' AND (r.case_id IS NOT NULL OR o.rung = 'final')
            AND NOT EXISTS (SELECT 1 FROM kept_papers k WHERE k.case_id = o.id AND k.paper <> 'notice') THEN 'archived'
        WHEN o.state = 'acknowledged' AND r.case_id IS NOT NULL THEN 'result'
        WHEN o.state = 'queued' AND NOT EXISTS (SELECT 1 FROM sending s WHERE s.seq = o.seq) THEN 'committed'
        WHEN o.state = 'queued' AND o.attempts > 0 THEN 'sending'
        ELSE o.state
    END AS life
FROM outbox o LEFT JOIN results r ON r.case_id = o.id WHERE o.kind = 'case';
