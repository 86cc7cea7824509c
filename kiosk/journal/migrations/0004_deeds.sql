-- What an applicant does about a case after its commit (withdrawal, supplement: items of their own), and how the backend
-- says that a case stands.

-- Deeds by the id of their item. answer: the backend's word about it, '' while there is none: done, too_late, not_theirs,
-- not_asked. (Six columns: a rescue tells tables apart by their width.)
CREATE TABLE deeds (
    deed_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    made_at TEXT NOT NULL,
    answer TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (deed_id)
) STRICT, WITHOUT ROWID;

-- The newest word on how a case stands: state, since when, the next last day, whether it counts as accepted. No texts.
CREATE TABLE words (
    case_id TEXT NOT NULL,
    case_no TEXT NOT NULL,
    state TEXT NOT NULL,
    since TEXT NOT NULL,
    due TEXT NOT NULL,
    deemed INTEGER NOT NULL,
    told_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (case_id)
) STRICT, WITHOUT ROWID;

-- The views know items of every kind: the event is KIND.committed, and of all but a case its details name the item.
DROP VIEW cases;
DROP VIEW outbox;
CREATE VIEW outbox AS SELECT
    a.seq,
    CASE a.event WHEN 'case.committed' THEN a.item ELSE coalesce(a.details ->> 'rating', a.details ->> 'deed') END AS id,
    substr(a.event, 1, instr(a.event, '.') - 1) AS kind,
    a.item AS case_id,
    coalesce(a.about ->> 'case_no', '') AS case_no,
    coalesce(a.details ->> 'service', a.about ->> 'service', '') AS service_id,
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
