"""A case as the one row that commits it: envelope and materials, number, words, kept papers. Several at once are those
of a bundle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kiosk.health.failpoints import hit
from kiosk.journal.chain import INSERT, AuditRow, around
from kiosk.journal.filing import Item
from kiosk.journal.packs import Part
from kiosk.journal.papers import pack_kept
from kiosk.journal.records import CaseRecord, stamp

if TYPE_CHECKING:
    from kiosk.journal.drafts import Drafts
    from kiosk.journal.numbers import SpendableNumbers
    from kiosk.journal.store import Store

_json = msgspec.json.Encoder(order="sorted").encode


class Cases:
    """Each call is a transaction of its own, in the writer's turn."""

    def __init__(self, store: Store, drafts: Drafts) -> None:
        self._store, self._drafts = store, drafts

    def commit(self, record: CaseRecord, numbers: SpendableNumbers) -> None:
        """One case. Raises as ``Store.write`` does.

        Its row alone, where it began as no draft: written and committed by one statement, a fifth less for SQLite.
        """
        if record.draft:
            self.commit_all([(record, numbers)])
        else:
            self._store.write_at_once(INSERT, lambda: self._row(record, numbers))

    def commit_all(self, cases: Sequence[tuple[CaseRecord, SpendableNumbers]]) -> None:
        """Several cases in one transaction: all of them or none. Raises as ``Store.write`` does."""

        def all_of_them() -> None:
            for record, numbers in cases:
                self._store.connection.execute(INSERT, self._row(record, numbers))
                if record.draft:
                    self._drafts.forget(record.draft, "committed")

        self._store.write(all_of_them, filing=False)

    def _row(self, record: CaseRecord, numbers: SpendableNumbers) -> AuditRow:
        """The row that is the case, put together; its pack, if it has one, is on the disk."""
        store, case_id, attachments = self._store, record.case_id, record.attachments
        store.filing.expect_new(case_id)
        at, sealed, digest = stamp(record.committed_at), record.sealed, hashlib.sha256(record.sealed).hexdigest()
        parts: list[Part] = [("case", digest, len(sealed))]
        spent = " ".join(numbers.spent)
        about: dict[str, object] = {
            "case_no": record.case_no, "meta": dict(record.meta), "numbers": spent, "parts": parts,
        }  # fmt: skip
        papers, pack = b"", ""
        if record.kept:
            papers = pack_kept(record.kept)
            about["kept"] = len(papers)
        if attachments:
            parts += [(material.kind, material.sha256, len(material.data)) for material in attachments]
            sealed, pack = store.packing.with_materials(sealed, parts, attachments, papers)
        elif papers:
            sealed += papers
        hit("journal.middle")
        before, behind = around(
            "case.committed", service=record.service_id, version=record.pack_version, outcome=record.outcome,
            rung=record.rung, verification=record.verification, attachments=len(attachments), kept=len(record.kept),
            test=int(record.test),
        )  # fmt: skip
        text = f"{before}{digest}{behind}"
        row = store.chain.link(at, "case.committed", case_id, text, _json(about).decode(), sealed)
        store.filing.add(Item(row[0], case_id, "case", digest, at, spent, len(papers), pack))
        store.numbers.spend(numbers)
        store.wrote(len(sealed))
        return row
