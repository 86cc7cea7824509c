"""Which cases were made of one form (一件事): each is registered by itself, and knows the others by the bundle's id."""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, select

from kiosk.backend.store.tables import metadata

bundled_cases = Table(
    "bundled_cases",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("bundle_id", String(64), nullable=False),
    Column("pack_id", String(64), nullable=False),  # the bundle, in the version of ``pack_version``
    Column("pack_version", String(64), nullable=False),
    Index("bundled_cases_by_bundle", "bundle_id"),
)


def beside(connection: Connection, case_id: str) -> list[str]:
    """The ids of all cases of this case's bundle that have come so far, itself among them; [] for one by itself."""
    c = bundled_cases.c
    bundle = select(c.bundle_id).where(c.case_id == case_id).scalar_subquery()
    return list(connection.execute(select(c.case_id).where(c.bundle_id == bundle).order_by(c.case_id)).scalars())
