"""A number that cannot be made is one that is missing: the citizen is told so, and nothing is saved or spent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import Shelf
from kiosk.domain.case import Commitment
from kiosk.domain.codes import SUBJECT_SERIALS, id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.place import Place
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block
from kiosk.journal.sealing import new_sealing_pair
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.visit.effects import Commit
from kiosk.visit.events import CommitFailed

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
ANSWERS = {
    "trade": "small_restaurant", "shop_name": "南关小面馆", "premises": "南关街18号底商", "staff": "2",
    "phone": "13800000001",
}  # fmt: skip


@pytest.mark.parametrize(("case", "uscc"), [(100_000_000, 1), (1, SUBJECT_SERIALS)])
def test_a_serial_beyond_what_a_number_can_bear_saves_nothing(tmp_path: Path, case: int, uscc: int) -> None:
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False) as journal:
        journal.add_block(Block("case", case, case + 9))
        journal.add_block(Block("uscc", uscc, uscc + 9))
        standing = Standing("t-1", new_sealing_pair()[1], "k1")
        desk = CommitDesk(journal, Shelf(journal, lambda: NOW), PLACE, lambda: standing, lambda: NOW, test=False)
        pack = load_builtin(PLACE)["individual_business"]
        document = IdentityDocument(
            DocumentKind.RESIDENT,
            "14021319580301002" + id_check_digit("14021319580301002"),
            "王某某",
            "2",
            date(1958, 3, 1),
            date(2015, 1, 1),
            None,
        )
        envelope = Envelope().with_fields(forms.prefill(pack, document))
        for question in pack.questions:
            envelope = envelope.with_field(forms.answer(question, ANSWERS[question.key]))
        promise = Commitment("premises", "1.0", (), NOW)
        envelope = forms.derive(pack, envelope)
        asked = Commit(pack, document, envelope, Verification.FACE, promise, (), NOW, "zh_CN", True)
        assert desk.commit(asked) == CommitFailed("numbers_exhausted")
        assert journal.counts().committed == 0
        assert (journal.numbers_left("case"), journal.numbers_left("uscc")) == (10, 10)
