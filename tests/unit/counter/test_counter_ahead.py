"""Pages sealed while the review is read: the commit takes them as they are, and anything else is sealed anew."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.counter import ahead
from kiosk.counter.ahead import Ahead
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import Shelf
from kiosk.domain.case import Commitment, Material
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, Trust
from kiosk.domain.place import Place
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block
from kiosk.journal.sealing import item_info, new_sealing_pair, unseal
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.visit.effects import Commit
from kiosk.visit.events import Committed

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
NUMBER = "14021319580301002"
DOCUMENT = IdentityDocument(
    DocumentKind.RESIDENT, NUMBER + id_check_digit(NUMBER), "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None
)
ANSWERS = {
    "trade": "small_restaurant", "shop_name": "南关小面馆", "premises": "南关街18号底商", "staff": "2",
    "phone": "13800000001",
}  # fmt: skip
PRIVATE, PUBLIC = new_sealing_pair()
PAGES = tuple(Material("premises_proof", "image/jpeg", bytes([n]) * 5000, Trust.C) for n in range(3))


def again(pages: tuple[Material, ...]) -> tuple[Material, ...]:
    """The same pages as the visit makes them for each effect."""
    return tuple(Material(page.kind, page.media_type, page.data, page.trust) for page in pages)


def sealed_ahead(desk: Ahead, pages: tuple[Material, ...] = PAGES) -> None:
    desk.seal(pages, desk.expect(), "T-1", PUBLIC)


def test_a_commit_of_the_same_pages_takes_them_as_they_were_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Ahead()
    sealed_ahead(desk)
    monkeypatch.setattr(ahead, "seal", None)  # nothing is sealed any more
    taken = desk.take(again(PAGES), "T-1", PUBLIC)
    for part, (page, sealed) in enumerate(zip(PAGES, taken.sealed, strict=True), 1):
        assert unseal(sealed.data, PRIVATE, item_info("T-1", taken.case_id, part)) == page.data
        assert sealed.sha256 == hashlib.sha256(sealed.data).hexdigest()
    assert [page.sha256 for page in taken.materials] == [hashlib.sha256(page.data).hexdigest() for page in PAGES]


def test_the_desk_commits_what_was_sealed_ahead_and_the_signature_behind_it(tmp_path: Path) -> None:
    pack = load_builtin(PLACE)["individual_business"]
    envelope = forms.derive(
        pack,
        Envelope()
        .with_fields(forms.prefill(pack, DOCUMENT))
        .with_fields(forms.answer(question, ANSWERS[question.key]) for question in pack.questions),
    )
    promise = Commitment("premises", "1.0", (), NOW)
    asked = Commit(
        pack, DOCUMENT, envelope, Verification.FACE, promise, (((0.1, 0.1), (0.9, 0.9)),), NOW, "zh_CN", True,
        again(PAGES),
    )  # fmt: skip
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False) as journal:
        for kind in ("case", "uscc"):
            journal.add_block(Block(kind, 1, 100))
        standing = Standing("T-1", PUBLIC, "k1")
        desk = CommitDesk(journal, Shelf(journal, lambda: NOW), PLACE, lambda: standing, lambda: NOW, test=False)
        desk.seal_ahead(PAGES, desk.expect())
        made = desk._ahead._pages
        assert made is not None
        done = desk.commit(asked)
        assert isinstance(done, Committed)
        assert done.draft.case_id == made.case_id
        (item,) = journal.due(NOW, 1, 1 << 20)
        assert item.attachments[:-1] == tuple((one.sha256, one.data) for one in made.sealed)
        (_, signature) = item.attachments[-1]
        assert b"<svg" in unseal(signature, PRIVATE, item_info("T-1", made.case_id, len(PAGES) + 1))
        payload = wire.read_case(unseal(item.sealed, PRIVATE, item_info("T-1", made.case_id)))
        told = [(one.sha256, one.sealed_sha256) for one in payload.materials]
        assert told[:-1] == [(page.sha256, one.sha256) for page, one in zip(PAGES, made.sealed, strict=True)]
        assert desk._ahead._pages is None


def test_an_id_is_used_once() -> None:
    desk = Ahead()
    sealed_ahead(desk)
    first, second = (desk.take(PAGES, "T-1", PUBLIC) for _ in range(2))
    assert first.case_id != second.case_id
    assert first.sealed[0].data != second.sealed[0].data


@pytest.mark.parametrize("change", ["order", "less", "other", "terminal", "key", "forgotten", "nothing"])
def test_whatever_differs_is_sealed_anew(change: str) -> None:
    desk = Ahead()
    if change != "nothing":
        sealed_ahead(desk)
    pages, terminal, private, public = PAGES, "T-1", PRIVATE, PUBLIC
    match change:
        case "order":
            pages = PAGES[::-1]
        case "less":
            pages = PAGES[:2]
        case "other":
            pages = (*PAGES[:2], Material("premises_proof", "image/jpeg", b"scanned anew", Trust.C))
        case "terminal":
            terminal = "T-2"
        case "key":
            private, public = new_sealing_pair()
        case "forgotten":
            desk.expect()
    kept = desk._pages
    taken = desk.take(pages, terminal, public)
    assert kept is None or taken.case_id != kept.case_id
    assert [one.kind for one in taken.sealed] == ["premises_proof"] * len(pages)
    for part, (page, sealed) in enumerate(zip(pages, taken.sealed, strict=True), 1):
        assert unseal(sealed.data, private, item_info(terminal, taken.case_id, part)) == page.data
    assert desk._pages is None


def test_nothing_is_kept_of_a_visit_that_ended_while_its_pages_were_being_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, sealing, ended = Ahead(), threading.Event(), threading.Event()
    real = ahead.seal

    def slow(*args: bytes) -> bytes:
        sealing.set()
        assert ended.wait(10)
        return real(*args)

    monkeypatch.setattr(ahead, "seal", slow)
    turn = desk.expect()
    worker = threading.Thread(target=desk.seal, args=(PAGES, turn, "T-1", PUBLIC))
    worker.start()
    assert sealing.wait(10)
    desk.expect()  # does not wait for it
    ended.set()
    worker.join(10)
    assert not worker.is_alive()
    assert desk._pages is None
    desk.seal(PAGES, turn, "T-1", PUBLIC)
    assert desk._pages is None, "nor one that began too late"
