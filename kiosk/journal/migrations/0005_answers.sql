-- Answers that a citizen wants remembered for a later visit, sealed to the card (kiosk/journal/answers.py). One row of a card.
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    claim BLOB NOT NULL,
    sealed BLOB NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
