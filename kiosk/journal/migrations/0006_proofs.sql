-- What was tested here, when, and how it came out (kiosk/journal/proofs.py); what is used up of a day
-- (kiosk/journal/supplies.py). Words and numbers alone, never a person's.

-- The last ones of each subject and test. words: a JSON array of short words. (Nine columns: a rescue tells tables
-- apart by their width.) No index: there are a thousand rows at most.
CREATE TABLE proofs (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    subject TEXT NOT NULL,
    test TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL,
    words TEXT NOT NULL,
    staff TEXT NOT NULL,
    report TEXT NOT NULL
) STRICT;

-- One row of a supply and a day (YYYY-MM-DD, Beijing): how much was used, and the last level that was told, -1 for none.
-- day '' is the whole life.
CREATE TABLE used (
    supply TEXT NOT NULL,
    day TEXT NOT NULL,
    amount INTEGER NOT NULL,
    level INTEGER NOT NULL,
    PRIMARY KEY (supply, day)
) STRICT, WITHOUT ROWID;
