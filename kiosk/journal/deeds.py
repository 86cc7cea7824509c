"""What an applicant does about a case after its commit: withdrawals, supplements, a word added to a rating (followup),
that the certificate was taken (delivery), each an item like a case; and how the backend says that cases stand, in words
without texts.

A deed is one transaction with its audit row (``withdrawal.committed`` and its like) and is sent as cases are. Its case
may have been made at another terminal: nothing of it need be here. In the writer's turn, like the store it stands on.

Failpoint: ``deed.written``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from kiosk.health.failpoints import hit
from kiosk.journal.catalogue import Detail
from kiosk.journal.errors import JournalError
from kiosk.journal.packs import Part
from kiosk.journal.records import SealedMaterial, stamp
from kiosk.journal.retention import KEPT_FOR

if TYPE_CHECKING:
    from kiosk.journal.records import ItemState
    from kiosk.journal.store import Store
    from kiosk.wire import CaseWord

FAILPOINTS = ("deed.written",)
DeedKind = Literal["withdrawal", "supplement", "delivery", "followup"]
KINDS: tuple[DeedKind, ...] = ("withdrawal", "supplement", "delivery", "followup")
_json = msgspec.json.Encoder(order="sorted").encode
_ROWS = """SELECT d.deed_id, d.case_id, d.kind, d.made_at, coalesce(s.state, 'quarantined'), d.answer
    FROM deeds d LEFT JOIN sending s ON s.id = d.deed_id WHERE d.case_id = ? ORDER BY d.made_at, d.deed_id"""


@dataclass(frozen=True, slots=True)
class DeedRecord:
    """One deed as it is written; who does it and what is said stand inside ``sealed``."""

    deed_id: str
    case_id: str
    kind: DeedKind
    made_at: datetime
    test: bool
    sealed: bytes = field(repr=False)
    attachments: tuple[SealedMaterial, ...] = ()
    sealing_key_id: str = ""


@dataclass(frozen=True, slots=True)
class DeedRow:
    """One deed and what became of it. ``state``: of its sending. ``answer``: the backend's word, or "".

    One that was set aside (``rejected``, ``quarantined``), or lost with a damaged file (``quarantined``, too), will not
    be answered: staff have to see to it.
    """

    deed_id: str
    case_id: str
    kind: DeedKind
    made_at: datetime
    state: ItemState
    answer: str


class Deeds:
    """Writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def commit(self, record: DeedRecord) -> None:
        """Raises JournalError ``deed-waiting`` where one like it has no answer yet, ``item-exists``."""
        store, execute = self._store, self._store.connection.execute
        for row in self.of(record.case_id):
            if row.kind == record.kind and not row.answer and row.state in ("queued", "acknowledged"):
                raise JournalError(
                    "deed-waiting",
                    f"a {record.kind} of this case is under way",
                    advice="Wait for its answer: it comes with one of the next contacts with the backend.",
                )
        at, digest = stamp(record.made_at), hashlib.sha256(record.sealed).hexdigest()
        parts: list[Part] = [(record.kind, digest, len(record.sealed))]
        parts += [(material.kind, material.sha256, len(material.data)) for material in record.attachments]
        sealed, pack = store.packing.with_materials(record.sealed, parts, record.attachments)
        meta = {"sealing_key": record.sealing_key_id} if record.sealing_key_id else {}
        about = _json({"meta": meta, "parts": parts}).decode()
        details: dict[str, Detail] = {"deed": record.deed_id, "hash": digest, "attachments": len(record.attachments),
                   "test": int(record.test)}  # fmt: skip
        store.add_item(record.deed_id, record.kind, record.case_id, at, details, about, sealed, pack)
        until = stamp(record.made_at + KEPT_FOR)
        said = (record.deed_id, record.case_id, record.kind, at, "", until)
        execute("INSERT INTO deeds VALUES (?, ?, ?, ?, ?, ?)", said)
        hit("deed.written")

    def of(self, case_id: str) -> tuple[DeedRow, ...]:
        """The deeds about a case, oldest first."""
        rows = self._store.connection.execute(_ROWS, (case_id,)).fetchall()
        return tuple(DeedRow(row[0], row[1], row[2], datetime.fromisoformat(row[3]), *row[4:]) for row in rows)

    def is_news(self, word: CaseWord) -> bool:
        """Whether this word, or the answer with it, is not kept here as it is."""
        known = self.word_of(word.case_id)
        newer = known is None or _said(known) != _said(word)
        return (newer and word.state != "") or (word.deed != "" and self._answer(word.deed) not in (None, word.answer))

    def keep(self, word: CaseWord) -> None:
        """The last word counts. An answer alone (no state) says nothing of how the case stands."""
        execute, until = self._store.connection.execute, stamp(datetime.fromisoformat(self._store.now()) + KEPT_FOR)
        if word.state:
            row = (*_said(word)[:5], int(word.deemed), self._store.now(), until)
            execute("INSERT OR REPLACE INTO words VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._store.audit("progress.received", word.case_id, state=word.state)
        if word.deed and self._answer(word.deed) not in (None, word.answer):
            execute("UPDATE deeds SET answer = ? WHERE deed_id = ?", (word.answer, word.deed))
            self._store.audit("deed.answered", word.case_id, deed=word.deed, answer=word.answer)

    def word_of(self, case_id: str) -> CaseWord | None:
        from kiosk.wire.lives import CaseWord

        sql = "SELECT case_id, case_no, state, since, due, deemed FROM words WHERE case_id = ?"
        row = self._store.connection.execute(sql, (case_id,)).fetchone()
        return None if row is None else CaseWord(row[0], row[1], row[2], row[3], row[4], bool(row[5]))

    def _answer(self, deed_id: str) -> str | None:
        row = self._store.connection.execute("SELECT answer FROM deeds WHERE deed_id = ?", (deed_id,)).fetchone()
        return None if row is None else str(row[0])


def _said(word: CaseWord) -> tuple[str, str, str, str, str, bool]:
    return word.case_id, word.case_no, word.state, word.since, word.due, word.deemed
