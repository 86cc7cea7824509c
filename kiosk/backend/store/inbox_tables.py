"""The tables of the inboxes of visits: what a telephone sends to the citizen at a terminal, for minutes.

Nothing personal in clear: pictures are sealed to a key that the terminal made for this inbox and forgets with the
visit. Rows are erased as soon as they were fetched, and all of an inbox when it is closed or its time is over.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from kiosk.backend.store.tables import metadata

inboxes = Table(
    "inboxes",
    metadata,
    Column("inbox", String(64), primary_key=True),  # the SHA-256 of the token in the code on the screen
    Column("terminal_id", ForeignKey("terminals.terminal_id"), nullable=False, index=True),
    Column("reply_key", String(88), nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),  # unix seconds
    Column("phone", String(32), nullable=False),  # the browser that sends into it, by chance; "" before one has
    Column("number", Integer, nullable=False),  # what that one shows; 0 before
    Column("seen_at", BigInteger, nullable=False),  # when a telephone last asked; unix seconds, 0 for never
    Column("last", Integer, nullable=False),  # the number of the newest file that came
)

inbox_files = Table(
    "inbox_files",
    metadata,
    Column("inbox", ForeignKey("inboxes.inbox"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
