"""Who is on the way to the issuer: a row for each, until the way back or its time is over. It names nobody."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from kiosk.backend.store.tables import metadata

staff_oidc = Table(
    "staff_oidc",
    metadata,
    Column("state", String(64), primary_key=True),  # SHA-256 of what the provider hands back
    Column("holder", String(64), nullable=False),  # the same of what the browser's cookie holds
    Column("until", BigInteger, nullable=False, index=True),  # unix seconds
)
