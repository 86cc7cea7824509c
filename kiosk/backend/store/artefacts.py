"""What is published: the newest manifest of each scope, the bytes that it names, and the reports of commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, func, insert, select

from kiosk.backend.store.publishing_tables import artefacts, command_reports, commands, manifests
from kiosk.backend.store.upsert import insert_new
from kiosk.wire import Artefact, Command, CommandReport, Manifest


class VersionTaken(Exception):
    """The name has other bytes in this version already."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as it was kept. ``scope``: of the command's manifest."""

    scope: str
    name: str
    report: CommandReport
    received_at: str


def newest(connection: Connection, scopes: Sequence[str]) -> list[Manifest]:
    """The manifest in force of each scope that has one, in the order of ``scopes``."""
    last = (
        select(manifests.c.scope, func.max(manifests.c.version).label("version"))
        .where(manifests.c.scope.in_(scopes))
        .group_by(manifests.c.scope)
        .subquery()
    )
    joined = manifests.join(last, (manifests.c.scope == last.c.scope) & (manifests.c.version == last.c.version))
    rows = connection.execute(select(manifests.c.scope, manifests.c.manifest).select_from(joined)).all()
    found = {row.scope: msgspec.json.decode(row.manifest, type=Manifest) for row in rows}
    return [found[scope] for scope in scopes if scope in found]


def scopes(connection: Connection) -> list[str]:
    """Every scope for which something was ever published."""
    return list(connection.scalars(select(manifests.c.scope).distinct().order_by(manifests.c.scope)))


def add_artefact(connection: Connection, artefact: Artefact, data: bytes, now: datetime) -> None:
    """Raises VersionTaken; the same bytes again change nothing."""
    where = (artefacts.c.kind == artefact.kind, artefacts.c.name == artefact.name)
    known = connection.execute(select(artefacts.c.hash).where(*where, artefacts.c.version == artefact.version)).first()
    if known is not None:
        if known.hash != artefact.sha256:
            raise VersionTaken
        return
    row: dict[str, Any] = {
        "hash": artefact.sha256, "kind": artefact.kind, "name": artefact.name, "version": artefact.version,
        "size": artefact.size, "data": data, "published_at": now.isoformat(),
    }  # fmt: skip
    connection.execute(insert(artefacts).values(row))


def add_manifest(connection: Connection, manifest: Manifest, new_commands: Sequence[Command]) -> None:
    """Its version is new in its scope (a unique key: whoever publishes at the same moment begins again)."""
    text = msgspec.json.encode(manifest).decode()
    connection.execute(insert(manifests).values(scope=manifest.scope, version=manifest.version, manifest=text))
    rows = [
        {"id": each.id, "scope": manifest.scope, "name": each.name, "expires_at": each.expires_at}
        for each in new_commands
    ]
    if rows:
        connection.execute(insert(commands), rows)


def part(connection: Connection, digest: str, offset: int, size: int) -> bytes:
    """Up to ``size`` of the artefact's bytes from ``offset`` on; none beyond its end, or where it is not here."""
    found = select(func.substr(artefacts.c.data, offset + 1, size)).where(artefacts.c.hash == digest)
    data = connection.scalar(found)
    return bytes(data) if data is not None else b""


def take_report(
    connection: Connection, report: CommandReport, allowed: Sequence[str], now: datetime
) -> Literal["accepted", "duplicate", "unknown"]:
    """Keeps the first report of a terminal about a command of its scopes. In a transaction that holds the terminal."""
    scope = connection.scalar(select(commands.c.scope).where(commands.c.id == report.id))
    if scope not in allowed:
        return "unknown"
    row = {
        "command_id": report.id, "terminal_id": report.terminal_id, "outcome": report.outcome,
        "report": msgspec.json.encode(report).decode(), "received_at": now.isoformat(),
    }  # fmt: skip
    return "accepted" if insert_new(connection, command_reports, [row]) else "duplicate"


def reports(connection: Connection, command_id: str) -> list[Reported]:
    """Of this command, or of all (""), oldest first."""
    joined = command_reports.join(commands, commands.c.id == command_reports.c.command_id)
    columns = (commands.c.scope, commands.c.name, command_reports.c.report, command_reports.c.received_at)
    asked = select(*columns).select_from(joined).order_by(command_reports.c.received_at)
    if command_id:
        asked = asked.where(command_reports.c.command_id == command_id)
    return [
        Reported(row.scope, row.name, msgspec.json.decode(row.report, type=CommandReport), row.received_at)
        for row in connection.execute(asked)
    ]
