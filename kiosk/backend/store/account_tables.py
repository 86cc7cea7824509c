"""The table of what was done to accounts of staff, and by whom. Loaded, and made, with those of staff."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table
from sqlalchemy import Text as LongText

from kiosk.backend.store.only_added import only_added_to
from kiosk.backend.store.tables import metadata

account_log = Table(
    "account_log",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("by_id", String(32), nullable=False),  # staff_id; "" for the command line, "issuer" for the sign-in's groups
    Column("staff_id", String(32), nullable=False),  # whose account it is
    Column("what", String(16), nullable=False),  # add, lock, unlock, change, password, second, subject, sessions
    Column("role", String(16), nullable=False),  # afterwards
    Column("scope", LongText, nullable=False),  # afterwards; JSON: areas, services
    Index("account_log_by_staff", "staff_id", "seq"),
    sqlite_autoincrement=True,
)

only_added_to(account_log)
