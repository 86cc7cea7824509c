"""A published list is believed by its signature and its chain of keys; what it says decides about a paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from kiosk import wire
from kiosk.domain.beijing import CHINA
from kiosk.domain.papers import PaperContent
from kiosk.papers import commands, listing
from kiosk.papers import mark as marks
from kiosk.papers.judging import Judgement, Verdict, judge
from kiosk.papers.listing import BadList, RevokedPaper
from kiosk.papers.statement import LATEST, moment, serial_of
from kiosk.suites import SuiteMissing, shangmi
from tests.unit.papers.conftest import NOON, Office, pair

Case = Callable[..., dict[str, PaperContent]]


def verdict(office: Office, paper: PaperContent) -> Judgement:
    return judge(paper.qr, listing.read(office.published(), office.root), office.issued)


def test_a_list_is_read_by_the_first_key_alone_however_often_the_keys_changed(office: Office) -> None:
    office.epochs += [pair(2), pair(3)]
    assert listing.read(office.published(), pair(1)[1]) == office.list()
    with pytest.raises(BadList, match="list-other-root"):
        listing.read(office.published(), pair(3)[1])


def test_a_list_signed_by_a_key_that_nobody_endorsed_is_refused(office: Office) -> None:
    good = office.list()
    with pytest.raises(BadList, match="list-not-signed"):
        listing.read(listing.signed(good, pair(66)[0]), office.root)
    office.epochs.append(pair(2))
    forged = office.list()
    forged.epochs[1] = wire.KeyEpoch(2, "", wire.b64(pair(66)[1]), "", wire.sign(pair(66)[0], b"itself"))
    with pytest.raises(BadList, match="list-not-signed"):
        listing.read(listing.signed(forged, pair(66)[0]), office.root)


def test_every_changed_letter_of_a_list_is_refused(office: Office) -> None:
    text = office.published()
    for place in range(0, len(text), 7):
        changed = text[:place] + ("B" if text[place] != "B" else "C") + text[place + 1 :]
        with pytest.raises(BadList):
            listing.read(changed, office.root)
    for cut in ("", text[:-1], text + ".", text.replace(".", "", 1), "é" * 10):
        with pytest.raises(BadList):
            listing.read(cut, office.root)


def test_a_list_of_another_form_is_refused(office: Office) -> None:
    head, payload, _ = office.published().split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for changed in (said | {"format": 2}, said | {"epochs": []}, said | {"issued_at": "2026-11-22T04:00:00"}, [1]):
        body = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
        signature = base64.urlsafe_b64encode(b"x" * 64).decode().rstrip("=")
        with pytest.raises(BadList, match="list-damaged"):
            listing.read(f"{head}.{body}.{signature}", office.root)


def test_a_genuine_paper_is_told_as_such(office: Office, case: Case) -> None:
    found = verdict(office, office.print(case()["licence"]))
    assert (found.verdict, found.notes) == (Verdict.GENUINE, ())
    assert found.key is not None
    assert found.key.terminal == "140213-ABCDEF"


def test_a_revoked_paper_is_told_with_its_cause(office: Office, case: Case) -> None:
    paper = office.print(case()["licence"])
    row = RevokedPaper(serial_of(paper.case_id).hex(), "2026-11-22T05:00:00+00:00", "uscc", "exchange")
    office.revoked.append(row)
    found = verdict(office, paper)
    assert (found.verdict, found.revocation, found.notes) == (Verdict.REVOKED, row, ("exchange",))


def test_a_corrected_certificate_replaces_the_one_before_and_not_the_receipt(office: Office, case: Case) -> None:
    made = case("elder_card")
    first, receipt = office.print(made["certificate"]), office.print(made["receipt"])
    second = office.print(replace(made["certificate"], extra={**made["certificate"].extra, "version": "2"}))
    row = RevokedPaper(serial_of(first.case_id).hex(), NOON.isoformat(), "corrected", "replaced", "certificate")
    office.revoked.append(row)
    assert verdict(office, first).verdict is Verdict.REVOKED
    assert verdict(office, first).notes == ("replaced",)
    assert verdict(office, receipt).verdict is Verdict.GENUINE
    assert verdict(office, second).verdict is Verdict.GENUINE


def test_a_key_that_is_in_no_list_is_unknown_and_an_old_list_says_that_it_is_old(office: Office, case: Case) -> None:
    office.issued = NOON - timedelta(days=3)
    paper = office.print(case()["receipt"])
    office.terminal = pair(10)
    found = judge(paper.qr, office.list(), NOON)
    assert (found.verdict, found.statement) == (Verdict.UNKNOWN_KEY, None), "nothing it says can be believed"
    assert found.notes == ("list-older-than-paper", "list-old")


def test_the_papers_of_a_withdrawn_terminal_are_not_believed_whatever_their_date(office: Office, case: Case) -> None:
    paper = office.print(case()["receipt"])
    office.withdrawn = (NOON + timedelta(days=1)).isoformat()
    found = verdict(office, paper)
    assert (found.verdict, found.notes) == (Verdict.REVOKED, ("key-withdrawn",))


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (timedelta(0), Verdict.GENUINE),
        (timedelta(days=2, minutes=9), Verdict.GENUINE),
        (timedelta(days=2, minutes=11), Verdict.REPLACED_KEY),
        (timedelta(days=-10, minutes=-9), Verdict.GENUINE),
        (timedelta(days=-10, minutes=-11), Verdict.UNKNOWN_KEY),
    ],
)
def test_a_key_signs_in_its_own_time(office: Office, case: Case, printed: timedelta, expected: Verdict) -> None:
    office.until = (NOON + timedelta(days=2)).isoformat()
    office.issued = NOON + timedelta(days=3)
    found = verdict(office, office.print(case()["receipt"], NOON + printed))
    assert found.verdict is expected
    assert found.notes == (("key-out-of-time",) if expected is Verdict.UNKNOWN_KEY else ())


@pytest.mark.parametrize(
    ("hours", "verdict_", "notes"),
    [
        (-1, Verdict.GENUINE, ()),
        (5, Verdict.GENUINE, ("key-changing",)),
        (30, Verdict.REPLACED_KEY, ()),
    ],
)
def test_a_terminal_that_has_not_heard_of_its_new_key_prints_genuine_papers(
    office: Office, case: Case, hours: int, verdict_: Verdict, notes: tuple[str, ...]
) -> None:
    """The backend took the next key, the answer was lost, and a day later the terminal was heard with it."""
    office.replaced, office.until = NOON.isoformat(), (NOON + timedelta(days=1)).isoformat()
    office.issued = NOON + timedelta(days=3)
    found = verdict(office, office.print(case()["receipt"], NOON + timedelta(hours=hours)))
    assert (found.verdict, found.notes) == (verdict_, notes)
    assert found.statement is not None


def test_a_list_for_which_nobody_vouches_makes_nothing_genuine(
    office: Office, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anyone can make keys, a list and a paper that fit each other."""
    lists, paper = tmp_path / "papers.jws", office.print(case()["receipt"])
    lists.write_text(office.published(), encoding="ascii")
    root = wire.b64(office.root)

    def told(text: str, root: str = "", *, as_json: bool = True) -> tuple[int, str]:
        status = commands.verify(text, list_file=lists, root=root, as_json=as_json, now=lambda: office.issued)
        out = capsys.readouterr().out
        return status, str(json.loads(out)["verdict"]) if as_json else out

    assert told(paper.qr, root) == (0, "genuine")
    assert told(paper.qr) == (3, "unvouched")
    status, words = told(paper.qr, as_json=False)
    assert status == 3
    assert "genuine" not in words
    assert "nobody vouches for this list" in words
    assert told(paper.qr[:-9]) == (1, "altered"), "what is wrong is wrong by any list"


@pytest.mark.parametrize(
    "text", ["", "140213261122000003187", "https://office.example/progress?no=1", "#", "P1", "x" * 9999]
)
def test_what_holds_no_mark_is_no_forgery(office: Office, text: str) -> None:
    assert judge(text, office.list(), NOON).verdict is Verdict.NO_MARK


@pytest.mark.parametrize("text", ["P1.", "#P1.AAAA", "P1.aaaa", "P1.\u6625", "a#P1." + "A" * 4000])
def test_what_only_looks_like_a_mark_is_told_as_altered(office: Office, text: str) -> None:
    assert judge(text, office.list(), NOON).verdict is Verdict.ALTERED


@pytest.mark.parametrize("name", ["printed_at", "decided_at"])
@pytest.mark.parametrize(("seconds", "expected"), [(2**40, Verdict.ALTERED), (LATEST, Verdict.UNKNOWN_KEY)])
def test_a_forged_date_beyond_every_calendar_breaks_nothing(
    office: Office, case: Case, name: str, seconds: int, expected: Verdict
) -> None:
    """It is looked at before a signature is: anyone can print it."""
    said = replace(marks.parse(office.print(case()["receipt"]).qr).statement, **{name: seconds})
    assert judge(marks.made(said, pair(77)[0]), office.list(), NOON).verdict is expected
    assert moment(LATEST).astimezone(CHINA).year == 9999


def test_what_cannot_be_read_or_checked_here_is_said_and_no_crash(
    office: Office, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lists, picture = tmp_path / "papers.jws", tmp_path / "photo.png"
    lists.write_text(office.published(), encoding="ascii")

    def told(text: str = "", image: Path | None = None) -> str:
        assert commands.verify(text, image=image, list_file=lists, as_json=True) == 2
        return str(json.loads(capsys.readouterr().out)["error"]["code"])

    Image.new("1", (15000, 15000)).save(picture)
    assert told(image=picture) == "not-readable", "more pixels than are looked at"
    office.terminal = pair(9, "shangmi")
    lists.write_text(office.published(), encoding="ascii")
    paper = office.print(case()["receipt"])

    def missing() -> None:
        raise SuiteMissing("shangmi", "gmssl-pyx")

    monkeypatch.setattr(shangmi, "_gmssl", missing)
    assert told(paper.qr) == "suite-missing"
    head, payload, signature = office.published().split(".")
    deep = listing._unb64url(payload)[:-1] + b',"more":' + b"[" * 100_000
    lists.write_text(f"{head}.{listing._b64url(deep)}.{signature}", encoding="ascii")
    assert told(paper.qr) == "list-damaged"
