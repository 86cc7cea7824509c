"""The journal on the disk, read beside whoever has it open: is it whole, does a terminal run, are there numbers left?

Creates, migrates and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kiosk import wire
from kiosk.domain.codes import block_kind
from kiosk.health.readiness import Check, attention, broken, good
from kiosk.housekeeping import HANGS
from kiosk.journal import aside, opening, reading
from kiosk.journal.connection import FILE
from kiosk.journal.errors import JournalError
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.store import Store

KINDS = ("case", "uscc")
LOG_TROUBLE = "sync.log_trouble"  # as kiosk/sync/state.py keeps it
OVERDUE = 24  # hours
FEW = 20  # numbers: a morning's work without the backend
ENROL_AGAIN = "Another version wrote it: install that one, or ask the operator for a new one-time code."
GET_MORE = "They are reserved by themselves when the backend is reached; see backend."


@dataclass(frozen=True, slots=True)
class Books:
    """What the journal says of itself, and who this terminal is for the backend."""

    checks: tuple[Check, ...]
    enrolment: wire.Enrolment | None = None


def terminal_runs(folder: Path) -> bool:
    """Whether a process has this journal open."""
    return opening.in_use(folder)


def examine(folder: Path, *, test: bool = False) -> Books:
    """``test``: the terminal is in test mode, and takes numbers of tests."""
    try:
        if not (folder / FILE).exists():
            return Books((attention("journal", f"none yet in {folder}", "It is made when the terminal starts."),))
        with reading.reading(folder, load_or_create_key(folder)) as connection:
            report = reading.verify(connection)
            counted = connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
            (oldest,) = connection.execute("SELECT min(created_at) FROM outbox WHERE state = 'queued'").fetchone()
            meta = dict(connection.execute("SELECT key, value FROM meta WHERE key LIKE 'sync.%'").fetchall())
            drafts = reading.drafts(connection)
            store = Store(connection, lambda: datetime.now(UTC))
            left = {kind: store.numbers.left(block_kind(kind, test=test)) for kind in KINDS}
    except JournalError as error:
        return Books((broken("journal", str(error), error.advice),))
    except OSError as error:
        return Books((broken("journal", f"cannot be read: {error.strerror}", "Run as the terminal's user."),))
    if not report.ok:
        words = "; ".join(report.problems[:3])
        more = f" and {len(report.problems) - 3} more" if len(report.problems) > 3 else ""
        advice = "Take the terminal out of service, copy the whole journal folder with its key, and call support."
        return Books((broken("journal", f"not whole: {words}{more}", advice),))
    try:
        told = meta.get("sync.enrolment")
        enrolment = None if told is None else msgspec.json.decode(told, type=wire.Enrolment)
    except msgspec.DecodeError:
        return Books((broken("enrolment", "what the journal keeps of it cannot be read", ENROL_AGAIN),))
    runs = terminal_runs(folder)
    running = "; in use by a running terminal" if runs else ""
    begun = f", {drafts} drafts" if drafts else ""
    whole = good("journal", f"whole: {report.cases} cases{begun}, {report.audit_rows} audit rows{running}")
    whole = _rescued(folder) or whole
    return Books(
        (
            whole, _queue({str(state): int(count) for state, count in counted}, oldest),
            *_sending(meta.get(HANGS, "") if runs else "", meta.get(LOG_TROUBLE, "")), _numbers(left),
        ),
        enrolment,
    )  # fmt: skip


def _sending(hangs: str, trouble: str) -> list[Check]:
    """What the terminal itself has noted of its sending. ``hangs``: since when (ISO 8601) nothing moves, "" while it
    does; ``trouble``: the backend's word on the end of the log."""
    found = []
    if hangs:
        found.append(
            attention(
                "sync",
                f"sending hangs, it was noticed at {hangs[:16].replace('T', ' ')}: nothing moved for longer than any "
                "pause or exchange may last",
                "Restart the terminal; cases are safe here. If it happens again, check the disk and the name server.",
            )
        )
    if trouble:
        found.append(
            attention(
                "log",
                f"the backend does not take the end of this audit log: {trouble}",
                "Change nothing. Run `kiosk log verify` with the backend's list of heads, ask whether an old disk "
                "image was put back, the journal was set aside or the terminal copied; the operator may allow it "
                "(`kiosk backend --allow-log`).",
            )
        )
    return found


def _rescued(folder: Path) -> Check | None:
    """What is to be done as long as a damaged journal lies beside the new one."""
    names = aside.set_aside(folder)
    if not names:
        return None
    return attention(
        "journal",
        f"whole, but it was damaged and what could be read was saved; set aside: {', '.join(names)}",
        "Copy these with their -wal, packs/ and journal.key to another disk for support, then move these away. What is "
        "here: `kiosk journal list`. The operator allows the new log (kiosk backend --allow-log). Check the disk.",
    )


def _queue(states: dict[str, int], oldest: str | None) -> Check:
    """``oldest``: when the item that has waited longest was committed (ISO 8601)."""
    put_by = states.get("rejected", 0) + states.get("quarantined", 0)
    waiting = states.get("queued", 0)
    if put_by:
        return attention(
            "queue",
            f"{put_by} items set aside, {waiting} waiting",
            "Look at them: kiosk journal list. Tell the operator; what was put right is sent by kiosk journal release.",
        )
    hours = 0 if oldest is None else (datetime.now(UTC) - datetime.fromisoformat(oldest)).total_seconds() // 3600
    if hours >= OVERDUE:
        return attention(
            "queue",
            f"{waiting} items wait to be sent, the oldest for {hours:.0f} hours",
            "They are safe here, but nobody decides them: see backend and clock.",
        )
    return good("queue", f"{waiting} items wait to be sent" if waiting else "everything has been acknowledged")


def _numbers(left: dict[str, int]) -> Check:
    words = ", ".join(f"{count} of kind {kind}" for kind, count in left.items())
    if not left["case"]:
        return broken("numbers", f"{words}: no case can be saved", GET_MORE)
    if min(left.values()) < FEW:
        return attention("numbers", words, GET_MORE)
    return good("numbers", words)
