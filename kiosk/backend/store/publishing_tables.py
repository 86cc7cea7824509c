"""The tables of what is published: artefacts, manifests, commands, and what terminals report. Nothing personal."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from kiosk.backend.store.tables import metadata

# A name in a version is the same bytes for ever: cases cite it.
artefacts = Table(
    "artefacts",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("published_at", String(40), nullable=False),
    UniqueConstraint("kind", "name", "version"),
)

manifests = Table(
    "manifests",
    metadata,
    Column("scope", String(80), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("manifest", Text, nullable=False),  # wire.Manifest as JSON, signed
)

commands = Table(
    "commands",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("scope", String(80), nullable=False),
    Column("name", String(32), nullable=False),
    Column("expires_at", String(40), nullable=False),
)

# One for each terminal and command, the first that came: signed by the terminal, so kept whole.
command_reports = Table(
    "command_reports",
    metadata,
    Column("command_id", ForeignKey("commands.id"), primary_key=True),
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("outcome", String(16), nullable=False),
    Column("report", Text, nullable=False),  # wire.CommandReport as JSON
    Column("received_at", String(40), nullable=False),
    Index("command_reports_by_terminal", "terminal_id"),
)
