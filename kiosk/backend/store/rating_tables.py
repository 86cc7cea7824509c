"""The tables of what follows a rating (好差评): what was added later, tasks of bad ones, what was done about each.
Nothing personal in clear: who did something and what was said is sealed to the backend's own key.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from kiosk.backend.store.only_added import only_added_to
from kiosk.backend.store.tables import metadata, ratings

# What somebody has added to the rating of a case (追评), once. channel: terminal | phone.
followups = Table(
    "followups",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("at", String(40), nullable=False),  # when it came
    Column("channel", String(8), nullable=False),
    Column("item_id", String(64), nullable=False),  # of a terminal's, "" for none
    Column("said", LargeBinary, nullable=False),  # reasons and words, sealed
    Column("sealing_key_id", String(16), nullable=False),
)

# A bad rating's task as it stood after its last event. number: 1 of the first rating, 2 of what was added.
rating_tasks = Table(
    "rating_tasks",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("opened_at", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("due", String(10), nullable=False),  # "" where the calendar does not reach it
    Column("finding", String(16), nullable=False),
    Column("counted", Boolean, nullable=False),  # False: by mistake or malicious, not to be counted
    Column("events", Integer, nullable=False),
    Index("rating_tasks_by_state", "state", "due"),
    Index("rating_tasks_by_due", "due", "case_id", "number"),
)

BAD_RATING = "ratings.level <= 2"
"""Those of which tasks are made, as an index says it (kiosk/domain/rating.py): one of a hundred."""
Index("ratings_bad", ratings.c.case_id, ratings.c.level, ratings.c.item_id, sqlite_where=text(BAD_RATING),
      postgresql_where=text(BAD_RATING))  # fmt: skip

rating_events = Table(
    "rating_events",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),  # from 1 on
    Column("at", String(40), nullable=False),
    Column("deed", String(16), nullable=False),
    Column("by", String(16), nullable=False),
    Column("choice", String(16), nullable=False),
    Column("said", LargeBinary, nullable=False),  # who, and the words, sealed
    Column("sealing_key_id", String(16), nullable=False),
)

# As for life_events: nobody changes what was done, unless he takes these away first.
only_added_to(rating_events)
