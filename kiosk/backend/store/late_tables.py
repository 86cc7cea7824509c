"""The tables of what came out otherwise than a citizen was told. Nothing personal: a person is a keyed hash."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from kiosk.backend.store.tables import metadata

_BIG_ID = BigInteger().with_variant(Integer, "sqlite")

# What was found about a case, by the table of kiosk/domain/late.py. ``serial``: by which its papers are listed.
findings = Table(
    "findings",
    metadata,
    Column("seq", _BIG_ID, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("rule", String(8), nullable=False),
    Column("effect", String(8), nullable=False),  # holds | exchange | void
    Column("after_check", Boolean, nullable=False),
    Column("serial", String(16), nullable=False),
    Column("lifted_at", String(40)),  # a person has put it right
    UniqueConstraint("case_id", "cause"),
    Index("findings_by_effect", "effect"),
    sqlite_autoincrement=True,
)

# Who has a matter that one person gets once in a time (a pack's ``once``): the case that was registered first.
matters = Table(
    "matters",
    metadata,
    Column("person", String(64), primary_key=True),  # HMAC-SHA256 of the document's number, under the backend's key
    Column("service_id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("committed_at", String(40), nullable=False),
)

# Versions of service packs that may not decide any more, from ``since`` on.
withdrawn_packs = Table(
    "withdrawn_packs",
    metadata,
    Column("service_id", String(64), primary_key=True),
    Column("pack_version", String(64), primary_key=True),
    Column("since", String(40), nullable=False),
)
