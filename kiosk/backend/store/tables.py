"""The tables. Times are ISO 8601 text in UTC; no column holds personal data in clear.

`_parent` says where a row's parent is. SQLite checks that for each row, which costs it next to nothing. PostgreSQL
would take a third of its time for it, and learn nothing: the transaction that writes such a row (`items.take_in`)
has locked the terminal's row and writes the other parents itself, and nothing here ever deletes one. What the database
is not told it can be asked: `kiosk backend check` looks for every row without its parent (`checking.py`).
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
    select,
    text,
)

VERSION = 1

metadata = MetaData()
_BIG_ID = BigInteger().with_variant(Integer, "sqlite")


def _parent(column: str, parent: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [parent]).ddl_if(dialect="sqlite")


schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

terminals = Table(
    "terminals",
    metadata,
    Column("terminal_id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("public_key", String(64), nullable=False, unique=True),
    Column("enrolled_at", String(40), nullable=False),
    Column("revoked_at", String(40)),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # unix seconds
    Column("terminal_id", ForeignKey("terminals.terminal_id")),  # who used it
)

# Every key that a terminal has had, from its first change on; before it, the one in `terminals` is its only one.
terminal_keys = Table(
    "terminal_keys",
    metadata,
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("public_key", String(64), nullable=False, unique=True),
    Column("endorsement", String(88), nullable=False),  # the key before has signed wire.key_change_bytes
    Column("since", String(40), nullable=False),
)

nonces = Table(
    "nonces",
    metadata,
    Column("terminal_id", String(64), primary_key=True),
    Column("nonce", String(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),  # unix seconds
)

items = Table(
    "items",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("terminal_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("sealing_key_id", String(16), nullable=False),
    Column("received_at", String(40), nullable=False),
    _parent("terminal_id", "terminals.terminal_id"),
)

# Sealed bytes do not compress; PostgreSQL would try, with pglz, and lose a third of the rate of 4 KB items over it.
_as_they_are = DDL("ALTER TABLE items ALTER COLUMN sealed SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
event.listen(items, "after_create", _as_they_are.execute_if(dialect="postgresql"))

item_materials = Table(
    "item_materials",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("hash", String(64), primary_key=True),
    _parent("item_id", "items.id"),
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("item_id", String(64), nullable=False, unique=True),
    Column("terminal_id", String(64), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("case_no", String(64), nullable=False, index=True),
    Column("service_id", String(64), nullable=False),
    Column("pack_version", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("rung", String(16), nullable=False),
    Column("verification", String(16), nullable=False),
    Column("committed_at", String(40), nullable=False),
    Column("test", Boolean, nullable=False),
    Column("state", String(16), nullable=False),  # registered | confirmed | waiting | conflict
    Index("cases_by_state", "state", "service_id"),
    Index("cases_by_terminal", "terminal_id"),
    Index("cases_of_tests", "case_id", sqlite_where=text("test"), postgresql_where=text("test")),
    _parent("item_id", "items.id"),
    _parent("terminal_id", "terminals.terminal_id"),
)

TESTS = select(cases.c.case_id).where(cases.c.test)
"""What only tries a terminal out: few, found by an index of their own, and counted nowhere among the others."""

# A number belongs to the case that was here first, for ever.
registered_numbers = Table(
    "registered_numbers",
    metadata,
    Column("kind", String(8), primary_key=True),  # case | uscc
    Column("number", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Index("registered_numbers_by_case", "case_id", "kind"),
    _parent("case_id", "cases.case_id"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("item_id", String(64), nullable=False, unique=True),
    Column("level", Integer, nullable=False),
    Column("rated_at", String(40), nullable=False),
    _parent("item_id", "items.id"),
)

materials = Table(
    "materials",
    metadata,
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("received_at", String(40), nullable=False),
)

sequences = Table(
    "sequences",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("next", BigInteger, nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    UniqueConstraint("kind", "first"),
)

results = Table(
    "results",
    metadata,
    Column("seq", _BIG_ID, primary_key=True, autoincrement=True),
    Column("terminal_id", String(64), nullable=False),
    Column("case_id", String(64), nullable=False),
    Column("case_no", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("text", String(64), nullable=False),
    Column("decided_at", String(40), nullable=False),
    Index("results_by_terminal", "terminal_id", "seq"),
    _parent("terminal_id", "terminals.terminal_id"),
    sqlite_autoincrement=True,
)

alarms = Table(
    "alarms",
    metadata,
    Column("seq", _BIG_ID, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("terminal_id", String(64), nullable=False),
    Column("code", String(32), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("alarms_by_item", "item_id", "code"),  # the same again is not a second one
    sqlite_autoincrement=True,
)
