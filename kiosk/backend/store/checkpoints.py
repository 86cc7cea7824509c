"""The ends of the terminals' audit chains as they were told: one row a checkpoint, one newest head a log.

A log is known by the hash of its first row. A terminal has one open log; another is taken only once the operator has
closed it. Of days gone by the last checkpoint stays, and whatever came since the day before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from kiosk.backend.store.tables import metadata
from kiosk.wire import Checkpoint

logs = Table(
    "logs",
    metadata,
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("log", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),  # the newest head
    Column("head", String(64), nullable=False),
    Column("key_epoch", Integer, nullable=False),
    Column("terminal_key", String(16), nullable=False),
    Column("received_at", String(40), nullable=False),
    Column("signing_id", String(16), nullable=False),  # of the backend's key that the terminal went by
    Column("closed_at", String(40)),
    Column("trouble", String(32), nullable=False),  # the alarm since the newest head, so that it is raised once
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("terminal_id", ForeignKey("terminals.terminal_id"), primary_key=True),
    Column("log", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("head", String(64), nullable=False),
    Column("key_epoch", Integer, nullable=False),
    Column("terminal_key", String(16), nullable=False),
    Column("signature", String(88), nullable=False),
    Column("base_seq", BigInteger, nullable=False),
    Column("base_head", String(64), nullable=False),
    Column("at", String(40), nullable=False),  # the terminal's clock
    Column("received_at", String(40), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was taken in."""

    log: str
    seq: int
    head: str
    key_epoch: int
    terminal_key: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a checkpoint was. ``newest``: the newest head known now. ``alarm``: one is to be raised."""

    status: Literal["accepted", "duplicate", "behind", "refused"]
    reason: str
    newest: Head | None
    alarm: bool = False


def take(connection: Connection, sent: Checkpoint, key_id: str, signing_id: str, now: datetime) -> Judged:
    """Take a checkpoint in, or say why not. In a transaction that holds the terminal; the signature was checked.

    ``key_id``: of the terminal's key; ``signing_id``: of the backend's key that the terminal goes by, or anything.
    """
    signing_id = signing_id if len(signing_id) == 16 and signing_id.isalnum() else ""
    known = _open(connection, sent.terminal_id)
    if known is None:
        return _first(connection, sent, key_id, signing_id, now)
    newest = _head(known)
    if sent.log != known.log:
        return refuse(connection, sent.terminal_id, "log-replaced")
    if sent.key_epoch < known.key_epoch or (sent.key_epoch == known.key_epoch and key_id != known.terminal_key):
        return refuse(connection, sent.terminal_id, "log-key")
    there = known.head if sent.seq == known.seq else _kept(connection, sent)
    if there is not None:
        return (
            Judged("duplicate", "", newest)
            if there == sent.head
            else refuse(connection, sent.terminal_id, "log-re-signed")
        )
    if sent.seq < known.seq:
        return refuse(connection, sent.terminal_id, "log-went-back")
    if sent.base_seq != known.seq:
        return Judged("behind", "base-unknown", newest)
    if sent.base_head != known.head:
        return refuse(connection, sent.terminal_id, "log-forked")
    _keep(connection, sent, key_id, now)
    values = {"seq": sent.seq, "head": sent.head, "key_epoch": sent.key_epoch, "terminal_key": key_id}
    values |= {"received_at": now.isoformat(), "signing_id": signing_id, "trouble": ""}
    connection.execute(update(logs).where(*_which(sent)).values(**values))
    if known.received_at[:10] < now.isoformat()[:10]:
        _thin(connection, sent, known.received_at[:10])
    return Judged("accepted", "", Head(sent.log, sent.seq, sent.head, sent.key_epoch, key_id, now.isoformat()))


def refuse(connection: Connection, terminal_id: str, code: str) -> Judged:
    """Not taken. The alarm is raised once, until a head is taken again or it is another one."""
    known = _open(connection, terminal_id)
    if known is None:
        return Judged("refused", code, None)
    return Judged("refused", code, _head(known), alarm=_trouble(connection, known, code))


def close_log(connection: Connection, terminal_id: str, now: datetime) -> bool:
    """The operator has looked: the terminal's next checkpoint may begin another log. False if none was open."""
    where = (logs.c.terminal_id == terminal_id, logs.c.closed_at.is_(None))
    return connection.execute(update(logs).where(*where).values(closed_at=now.isoformat())).rowcount > 0


def heads(connection: Connection, terminal_id: str) -> tuple[list[Head], str]:
    """Every head that is kept of this terminal's open log, oldest first; the id of the backend's key it goes by."""
    known = _open(connection, terminal_id)
    if known is None:
        return [], ""
    where = (checkpoints.c.terminal_id == terminal_id, checkpoints.c.log == known.log)
    rows = connection.execute(select(checkpoints).where(*where).order_by(checkpoints.c.seq))
    return [_head(row) for row in rows], known.signing_id


def _first(connection: Connection, sent: Checkpoint, key_id: str, signing_id: str, now: datetime) -> Judged:
    """The first head of a log. One that was closed does not come back."""
    closed = connection.execute(select(logs).where(*_which(sent))).first()
    if closed is not None:
        return Judged("refused", "log-replaced", None, alarm=_trouble(connection, closed, "log-replaced"))
    head = Head(sent.log, sent.seq, sent.head, sent.key_epoch, key_id, now.isoformat())
    values = {name: getattr(head, name) for name in Head.__slots__}
    values |= {"terminal_id": sent.terminal_id, "signing_id": signing_id, "trouble": ""}
    connection.execute(insert(logs).values(**values))
    _keep(connection, sent, key_id, now)
    return Judged("accepted", "", head)


def _trouble(connection: Connection, log: Row[tuple[object, ...]], code: str) -> bool:
    """Note the trouble with this log; whether it is news."""
    where = (logs.c.terminal_id == log.terminal_id, logs.c.log == log.log)
    connection.execute(update(logs).where(*where).values(trouble=code))
    return bool(log.trouble != code)


def _keep(connection: Connection, sent: Checkpoint, key_id: str, now: datetime) -> None:
    values = {name: getattr(sent, name) for name in Checkpoint.__slots__}
    connection.execute(insert(checkpoints).values(terminal_key=key_id, received_at=now.isoformat(), **values))


def _kept(connection: Connection, sent: Checkpoint) -> str | None:
    """The head that was taken in for this row of this log."""
    c = checkpoints.c
    where = (c.terminal_id == sent.terminal_id, c.log == sent.log, c.seq == sent.seq)
    return connection.scalar(select(c.head).where(*where))


def _thin(connection: Connection, sent: Checkpoint, day: str) -> None:
    """Of the days before ``day`` the last checkpoint of each stays, and the last of each key."""
    c = checkpoints.c
    mine = (c.terminal_id == sent.terminal_id, c.log == sent.log)
    date = func.substr(c.received_at, 1, 10)
    last = select(func.max(c.seq)).where(*mine).group_by(date, c.key_epoch)
    connection.execute(delete(checkpoints).where(*mine, date < day, c.seq.not_in(last)))


def _open(connection: Connection, terminal_id: str) -> Row[tuple[object, ...]] | None:
    return connection.execute(select(logs).where(logs.c.terminal_id == terminal_id, logs.c.closed_at.is_(None))).first()


def _which(sent: Checkpoint) -> tuple[ColumnElement[bool], ...]:
    return (logs.c.terminal_id == sent.terminal_id, logs.c.log == sent.log)


def _head(row: Row[tuple[object, ...]]) -> Head:
    return Head(**{name: row._mapping[name] for name in Head.__slots__})
