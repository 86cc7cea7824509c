"""The tables of entry codes: each terminal's secret as it came, sealed, and what was issued to whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from kiosk.backend.store.only_added import only_added_to
from kiosk.backend.store.tables import metadata

entry_secrets = Table(
    "entry_secrets",
    metadata,
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("sealing_key_id", String(16), nullable=False),
    Column("received_at", String(40), nullable=False),
)

entry_codes = Table(
    "entry_codes",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False),  # what the seal of ``who`` is bound to
    Column("at", String(40), nullable=False),
    Column("by_id", String(32), nullable=False),  # staff_id of the console; "" for the command line
    Column("who", LargeBinary, nullable=False),  # their name, sealed to the backend's own key
    Column("sealing_key_id", String(16), nullable=False),
    Column("terminal_id", String(64), nullable=False),  # with an installer's secret also one that is not enrolled
    Column("hour", String(13), nullable=False),  # as the terminal's page had it
    Column("challenge", String(6), nullable=False),
    Column("role", String(16), nullable=False),  # keeper, technician, administrator; unlock
    Column("staff", String(6), nullable=False),  # number of the member of staff at the terminal
    Index("entry_codes_by_terminal", "terminal_id", "seq"),
    sqlite_autoincrement=True,
)

only_added_to(entry_codes)
