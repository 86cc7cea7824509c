"""The tables of staff: accounts, what was tried in vain, sessions, and who has looked at or done what.

Nothing personal in clear: a name to sign in with is a keyed hash, what is shown of a person is sealed to the backend's
own key. Loaded, and made, where there is a console (staff.prepare).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table
from sqlalchemy import Text as LongText

from kiosk.backend.store.tables import metadata

_BIG_ID = BigInteger().with_variant(Integer, "sqlite")

staff = Table(
    "staff",
    metadata,
    Column("staff_id", String(32), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),  # HMAC-SHA256 of the name to sign in with
    Column("outside", String(64), unique=True),  # the same of issuer and subject (OIDC), where there is one
    Column("role", String(16), nullable=False),
    Column("scope", LongText, nullable=False),  # JSON: areas, services
    Column("password", String(256), nullable=False),  # argon2id, PHC string; "" where only OIDC lets in
    Column("profile", LargeBinary, nullable=False),  # sealed: login, name, one-time secret
    Column("sealing_key_id", String(16), nullable=False),
    Column("second_at", String(40)),  # since when there is a second factor
    Column("step", BigInteger, nullable=False),  # the time step of the last one-time code: none is taken twice
    Column("made_at", String(40), nullable=False),
    Column("ended_at", String(40)),
)

# By the name that was typed, whether anybody has it or not: nobody learns which names there are.
staff_failures = Table(
    "staff_failures",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", BigInteger, nullable=False),  # unix seconds: locked until then
    Column("at", BigInteger, nullable=False, index=True),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("staff_id", ForeignKey("staff.staff_id"), nullable=False),
    Column("kind", String(8), nullable=False),  # full, or what is still to be done (staff.py)
    Column("begun_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("staff_sessions_by_staff", "staff_id"),
    Index("staff_sessions_by_end", "ends_at"),
)

# Who has done and looked at what, kept by itself. What was done to a case stands in its life as well.
staff_log = Table(
    "staff_log",
    metadata,
    Column("seq", _BIG_ID, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("staff_id", String(32), nullable=False),
    Column("what", String(32), nullable=False),  # sign-in, look, take, act:approved, ...
    Column("case_id", String(64), nullable=False),  # "" for none
    Index("staff_log_by_case", "case_id", "seq"),
    Index("staff_log_by_staff", "staff_id", "seq"),
    sqlite_autoincrement=True,
)
