"""The tables of what departments are sent and what they send back. No value of a case lies here in clear: what is to
be sent is made again from the sealed case; what came back, or was put right by hand, is sealed to the backend's key.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, LargeBinary, String, Table

from kiosk.backend.store.tables import metadata
from kiosk.backend.store.upsert import insert_new

LIFE, RATING, LICENCE = "life", "rating", "licence"

# Cases about which something happened that no connector has looked at, in the transaction in which it happened.
connector_marks = Table(
    "connector_marks",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # life | rating | licence
)

# One letter for each connector and step of a case's life; ``step``: the event's place, the rating's
# number, or the licence's version.
connector_letters = Table(
    "connector_letters",
    metadata,
    Column("connector", String(64), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("guid", String(36), nullable=False, unique=True),
    Column("state", String(8), nullable=False),  # waiting | sent | none (nothing to send) | dead
    Column("since", String(40), nullable=False),  # when it was put here
    Column("next_at", String(40), nullable=False),  # not before
    Column("held_until", String(40), nullable=False),  # by whoever is sending it, "" for nobody
    Column("attempts", Integer, nullable=False),
    Column("code", String(32), nullable=False),  # of the last failure
    Column("done_at", String(40), nullable=False),
    Column("note", LargeBinary, nullable=False),  # sealed: why, and what was put right; b"" for nothing
    Column("sealing_key_id", String(16), nullable=False),
    Index("connector_letters_by_state", "connector", "state", "since", "guid"),
    Index("connector_letters_by_case", "case_id"),
)

# What came back, each once by its id. ``said`` is sealed.
connector_results = Table(
    "connector_results",
    metadata,
    Column("connector", String(64), primary_key=True),
    Column("guid", String(64), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("said", LargeBinary, nullable=False),
    Column("sealing_key_id", String(16), nullable=False),
    Column("state", String(8), nullable=False),  # new | done | again | aside
    Column("why", String(32), nullable=False),
    Column("case_id", String(64), nullable=False),  # "" where none was found
    Column("at", String(40), nullable=False),
    Column("done_at", String(40), nullable=False),
    Index("connector_results_by_state", "connector", "state"),
)

# How each line stands: what has to wait is not tried again by a restart.
connector_lines = Table(
    "connector_lines",
    metadata,
    Column("connector", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),  # since it last went
    Column("next_at", String(40), nullable=False),
    Column("code", String(32), nullable=False),
    Column("went_at", String(40), nullable=False),  # when it last went, "" for never
)


def mark(connection: Connection, case_id: str, kind: str = LIFE) -> None:
    """Something happened to a case (LIFE), its rating or its licence that departments are to hear of.

    In the transaction in which it happened; for LIFE, one that holds the case's life.
    """
    insert_new(connection, connector_marks, [{"case_id": case_id, "kind": kind}])
