"""The tables of what waits for staff: the queue, its locks, and decisions that wait for a second pair of eyes.

A row of the queue is looked for by place and desk, in the order of last days: one index for each level of the area
tree (GB/T 2260: province 2 digits, city 4, county 6, street 9, community 12), so that a page is read from where it
begins, however many cases there are. Nothing personal in clear.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from kiosk.backend.store.tables import metadata

LEVELS = {"province": 2, "city": 4, "county": 6, "street": 9, "community": 12}  # digits of a code that name each
BY_SERVICE = ("province", "city", "county")  # where departments sit: theirs are looked for by matter as well

queue = Table(
    "queue",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # review | check (after it was issued); of tests treview | tcheck
    Column("desk", String(16), nullable=False),  # whose turn: community | street | department
    Column("decides", String(16), nullable=False),  # from which desk on it may be decided
    Column("service_id", String(64), nullable=False),
    Column("due", String(10), nullable=False),  # the next last day (of a check, since when); NEVER where none runs
    *(Column(name, String(12), nullable=False) for name in LEVELS),  # "" below the level of the case's area
    *(Index(f"queue_by_{name}", "kind", "desk", name, "due", "case_id") for name in LEVELS),
    *(Index(f"queue_by_service_{name}", "kind", "desk", "service_id", name, "due", "case_id") for name in BY_SERVICE),
)

# Who works at a case. A row that is over is nobody's.
case_locks = Table(
    "case_locks",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("staff_id", String(32), nullable=False),
    Column("until", Integer, nullable=False),  # unix seconds
)

# A decision that waits for another person (four eyes). What is to be done is sealed to the backend's own key.
proposals = Table(
    "proposals",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("staff_id", String(32), nullable=False),  # who may not confirm it
    Column("at", String(40), nullable=False),
    Column("events", Integer, nullable=False),  # of the case's life when it was made
    Column("act", LargeBinary, nullable=False),
    Column("sealing_key_id", String(16), nullable=False),
)
