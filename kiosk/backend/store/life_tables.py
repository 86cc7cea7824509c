"""The tables of cases' lives: what was done to each, only ever added to, and how it stands since. Nothing personal in
clear: a person is a keyed hash, and what was said (who, why, what is lacking) is sealed to the backend's own key.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table
from sqlalchemy import Text as LongText

from kiosk.backend.store.only_added import only_added_to
from kiosk.backend.store.tables import metadata

# How a case stood after its last event: what is looked for by. The events say the same, and say it for any moment.
lives = Table(
    "lives",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("person", String(64), nullable=False),  # as in `matters`, for every case
    Column("about", LongText, nullable=False),  # JSON: the service's name and the terms of its clocks (lives_about.py)
    Column("state", String(16), nullable=False),
    Column("since", String(40), nullable=False),
    Column("due", String(10), nullable=False),  # the next last day, "" for none
    Column("deemed", Boolean, nullable=False),
    Column("events", Integer, nullable=False),  # how many
    Column("head", String(64), nullable=False),  # hash of the last one
    Index("lives_by_person", "person"),
    Index("lives_by_due", "due"),
    Index("lives_by_state", "state"),
)

# Each event's hash covers it and the hash before it; the first one's, the case's sealed item.
life_events = Table(
    "life_events",
    metadata,
    Column("case_id", ForeignKey("lives.case_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),  # from 1 on
    Column("at", String(40), nullable=False),
    Column("deed", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("item_id", String(64), nullable=False),  # the withdrawal or supplement that it comes from, "" for none
    Column("said", LargeBinary, nullable=False),
    Column("sealing_key_id", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
)

# Nobody changes what was done, whichever program he uses, unless he takes these away first; then the chain says so.
only_added_to(life_events)

# Approvals by commitment (告知承诺) that are to be checked later; no doubt of the case, until somebody has looked.
after_checks = Table(
    "after_checks",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("since", String(40), nullable=False),
    Column("done_at", String(40)),
    Column("found", String(16), nullable=False),  # confirmed | revoked (late.py), "" before
    Index("after_checks_by_found", "found"),
)

# What applicants have sent about a case. answer: "" until the table of deeds has said it.
deeds = Table(
    "deeds",
    metadata,
    Column("item_id", ForeignKey("items.id"), primary_key=True),
    Column("terminal_id", String(64), nullable=False),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("person", String(64), nullable=False),  # who sent it
    Column("answer", String(16), nullable=False),
    Index("deeds_by_answer", "answer"),
    Index("deeds_by_case", "case_id"),
    Index("deeds_by_terminal", "terminal_id"),
)
