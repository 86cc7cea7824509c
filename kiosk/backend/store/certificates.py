"""Electronic certificates: which case has which version, where its sealed bytes lie, how often it was given out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    func,
    or_,
    select,
    text,
    update,
)

from kiosk.backend.store.connector_tables import LICENCE, mark
from kiosk.backend.store.late_tables import findings
from kiosk.backend.store.life_tables import lives
from kiosk.backend.store.tables import cases, items, metadata
from kiosk.backend.store.upsert import insert_new
from kiosk.papers.statement import serial_of

# ``hash``: of the PDF as it lies among the materials, sealed to the backend's own key ``sealing_key_id``. ``changes``:
# what a correction has put in place of the case's own values, sealed likewise; ``why``: a word, without personal data.
certificates = Table(
    "certificates",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("paper_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("licence_id", String(128), nullable=False),
    Column("at", String(40), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("sealing_key_id", String(16), nullable=False),
    Column("authority", String(64), nullable=False),
    Column("seal", String(64), nullable=False),  # SHA-256 of the certificate that has signed it
    Column("changes", LargeBinary, nullable=False),
    Column("why", String(64), nullable=False),
    Column("copies", Integer, nullable=False),  # given out beside the first
    Index("certificates_by_hash", "hash"),
)
CORRECTED = "version > 1"
"""Of a hundred certificates hardly one: found by an index of their own, because citizens wait for the list of them."""
Index("certificates_corrected", certificates.c.case_id, certificates.c.version, sqlite_where=text(CORRECTED),
      postgresql_where=text(CORRECTED))  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """A case as it lies here, and what says whether it may be certified. ``doubts``: causes of findings that stand.

    ``life``: how it stands in its life (life_tables.py), "" while that has not begun, and since when.
    """

    case_id: str
    item_id: str
    terminal_id: str
    sealing_key_id: str
    sealed: bytes
    outcome: str
    state: str
    life: str
    since: str
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One version of one certificate."""

    case_id: str
    paper_id: str
    version: int
    licence_id: str
    at: str
    hash: str
    sealing_key_id: str
    authority: str
    seal: str
    changes: bytes
    why: str = ""
    copies: int = 0


def case(connection: Connection, case_id: str) -> Case | None:
    chosen = (cases.c.case_id, items.c.id, items.c.terminal_id, items.c.sealing_key_id, items.c.sealed,
              cases.c.outcome, cases.c.state, lives.c.state, lives.c.since)  # fmt: skip
    joined = cases.join(items, items.c.id == cases.c.item_id).outerjoin(lives, lives.c.case_id == cases.c.case_id)
    query = select(*chosen).select_from(joined)
    row = connection.execute(query.where(cases.c.case_id == case_id)).first()
    if row is None:
        return None
    standing = select(findings.c.cause).where(findings.c.case_id == case_id, findings.c.lifted_at.is_(None))
    doubts = tuple(connection.scalars(standing))
    return Case(*row[:4], bytes(row[4]), row[5], row[6], row[7] or "", row[8] or "", doubts)


def newest(connection: Connection, case_id: str) -> list[Row]:
    """The newest version of each certificate of this case."""
    c = certificates.c
    rows = connection.execute(select(certificates).where(c.case_id == case_id).order_by(c.paper_id, c.version)).all()
    found = {row.paper_id: row for row in rows}
    return [Row(**(dict(row._mapping) | {"changes": bytes(row.changes)})) for row in found.values()]


def keep(connection: Connection, row: Row) -> bool:
    """False where this version is here already: another has made it at the same time, and his counts."""
    names = [column.name for column in certificates.columns]
    new = bool(insert_new(connection, certificates, [{name: getattr(row, name) for name in names}]))
    if new:
        mark(connection, row.case_id, LICENCE)
    return new


def count_copy(connection: Connection, row: Row) -> int:
    """One more of this version is given out. Which one it is."""
    c = certificates.c
    mine = (c.case_id == row.case_id, c.paper_id == row.paper_id, c.version == row.version)
    connection.execute(update(certificates).where(*mine).values(copies=c.copies + 1))
    return int(connection.scalar(select(c.copies).where(*mine)) or 0)


def waiting(connection: Connection, services: Sequence[str], limit: int, after: str = "") -> list[str]:
    """Approved cases of these services that have no certificate yet, by id from ``after`` on."""
    c = cases.c
    joined = cases.outerjoin(certificates, certificates.c.case_id == c.case_id)
    joined = joined.outerjoin(lives, lives.c.case_id == c.case_id)
    settled = and_(lives.c.state.is_(None), c.outcome == "approved", c.state.in_(("confirmed", "registered")))
    query = select(c.case_id).select_from(joined).where(or_(settled, lives.c.state == "approved"))
    query = query.where(certificates.c.case_id.is_(None), c.service_id.in_(services), c.case_id > after)
    query = query.where(c.test.is_(False))  # a test's is made when its terminal asks, and at no other time
    return list(connection.scalars(query.order_by(c.case_id).limit(limit)))


def replaced(connection: Connection) -> list[tuple[str, str]]:
    """By serial, certificates in whose place a corrected one has come, and since when."""
    c = certificates.c
    rows = connection.execute(select(c.case_id, c.version, c.at).where(text(CORRECTED)).order_by(c.at)).all()
    return [(serial_of(row.case_id, row.version - 1).hex(), row.at) for row in rows]


def later_serials(connection: Connection) -> dict[str, list[str]]:
    """Of each case that has corrected certificates, by the serial of the case, the serials of those."""
    c = certificates.c
    last = select(c.case_id, func.max(c.version)).where(text(CORRECTED)).group_by(c.case_id)
    return {
        serial_of(case_id).hex(): [serial_of(case_id, version).hex() for version in range(2, newest_one + 1)]
        for case_id, newest_one in connection.execute(last).all()
    }


def hashes(connection: Connection) -> list[str]:
    """Of all that lie among the materials: a backup takes them along."""
    return list(connection.scalars(select(certificates.c.hash).distinct()))


__all__ = ["Case", "Row", "case", "certificates", "count_copy", "hashes", "keep", "later_serials", "newest",
           "replaced", "waiting"]  # fmt: skip
