"""Electronic certificates: made from the sealed case, sealed by the office, kept hidden, corrected."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest

from kiosk import wire
from kiosk.backend import Settings, desk, seal_desk
from kiosk.backend.backup import backup, restore
from kiosk.backend.certificates import Electronic, NotCertified
from kiosk.backend.core import Backend
from kiosk.backend.late import OFFICE
from kiosk.backend.lives import Act
from kiosk.backend.replaying import QuietReplays
from kiosk.backend.settings import BackendError
from kiosk.documents.render import render
from kiosk.domain import licence_id
from kiosk.domain.codes import credit_code
from kiosk.domain.decision import Verification
from kiosk.domain.life_table import Deed, Role
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.domain.text import Text
from kiosk.papers import listing
from kiosk.papers.judging import Verdict, judge
from kiosk.seals import commands
from kiosk.seals.checking import check
from kiosk.sync.fetching import Fetching
from kiosk.sync.transport import HttpTransport
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.test_backend_replay import OLD, SHOP, YOUNG, card, decided, push

AUTHORITY = "上城区民政局"
NAMED = replace(card(date(1941, 4, 2), "浙江省杭州市上城区某街道"), name="欧阳某某")


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        sheet = document[0].get_textpage()
        text = str(sheet.get_text_bounded())
        sheet.close()
    return "".join(text.split())


def elder(terminal: Terminal, document: object = NAMED) -> wire.CasePayload:
    case = decided(terminal.number(), "elder_card", document)  # type: ignore[arg-type]
    assert case.outcome == "approved"
    assert push(terminal, case) == ["accepted"]
    return case


class Here:
    """Draws in this process: a child takes a second of processor to start. One test has the child."""

    def render(self, content: PaperContent, _deadline: float) -> RenderedPaper:
        return render(content)

    def prewarm(self) -> None:
        pass

    def release(self) -> None:
        pass


@pytest.fixture(autouse=True)
def drawn_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr("kiosk.backend.certificates.DocumentsWorker", Here)


@pytest.fixture
def office(server: Server) -> Backend:
    server.backend.seals.make(AUTHORITY)
    return server.backend


def published(office: Backend) -> listing.PaperList:
    return listing.read(office.late.published()[0], office.keys.epochs[0].signing_public)


def test_a_case_gives_one_sealed_certificate_that_anyone_can_check(office: Backend, terminal: Terminal) -> None:
    case = elder(terminal)
    made = office.certificates.of(case.case_id)
    text = text_of(made.pdf)
    assert all(word in text for word in ("老年人优待证", "欧阳某某", AUTHORITY, "已加盖电子印章", made.licence_id))
    assert "1941" not in text, "the number is masked"
    known = licence_id.parse(made.licence_id)
    assert (known.serial, known.version) == (case.case_no, 1)
    found = check(made.pdf, office.now(), vouched=published(office).seals, sm2=made.sm2)
    assert (found.verdict.value, found.authority, found.notes) == ("genuine", AUTHORITY, ("sample", "sm2"))
    said = judge(found.mark, published(office), office.now())
    assert said.verdict is Verdict.GENUINE
    assert said.key is not None
    assert said.key.terminal == OFFICE
    assert office.certificates.of(case.case_id).pdf == made.pdf, "what is asked for again is the same"


def test_nothing_of_it_lies_in_clear_on_the_disk(office: Backend, terminal: Terminal, tmp_path: Path) -> None:
    office.certificates.of(elder(terminal).case_id)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert b"%PDF" not in data, file
            assert "欧阳".encode() not in data, file


def test_the_terminal_of_the_case_gets_it_and_no_other(
    office: Backend, terminal: Terminal, new_terminal: Callable[..., Terminal]
) -> None:
    case = elder(terminal)
    target = f"/v1/certificates/{case.case_id}"
    first, copy = terminal.send("GET", target), terminal.send("GET", f"{target}?copy=true")
    assert (first.status, first.headers["content-type"]) == (200, "application/pdf")
    assert first.body == office.certificates.of(case.case_id).pdf
    assert "补打" not in text_of(first.body)
    assert "补打第1次" in text_of(copy.body)
    assert "补打第2次" in text_of(terminal.send("GET", f"{target}?copy=true").body)
    assert new_terminal().send("GET", target).code == "no-certificate"
    assert terminal.send("GET", "/v1/certificates/none").code == "no-certificate"


def test_a_terminal_fetches_it_while_the_person_waits_and_does_without(
    office: Backend, terminal: Terminal, server: Server, clock: Clock
) -> None:
    case = elder(terminal)
    key = SimpleNamespace(private=terminal.private, public=wire.public_of(terminal.private), suite="international")
    client = SimpleNamespace(enrolment=terminal.enrolment, key=key, clock=clock, clock_offset=timedelta())
    fetching = Fetching(HttpTransport(server.url), client)  # type: ignore[arg-type]
    try:
        assert fetching.certificate(case.case_id, copy=False) == office.certificates.of(case.case_id).pdf
        assert "补打第1次" in text_of(fetching.certificate(case.case_id, copy=True))
        assert fetching.certificate("none", copy=False) == b""
    finally:
        fetching.close()
    nowhere = Fetching(HttpTransport("http://127.0.0.1:9"), client, seconds=1.0)  # type: ignore[arg-type]
    assert nowhere.certificate(case.case_id, copy=False) == b""
    nowhere.close()


def test_a_demo_seals_with_a_sample_that_nobody_has_to_make(server: Server, terminal: Terminal) -> None:
    """Made once, when the first certificate is asked for; none in a quiet moment, none in place of a withdrawn one."""
    office, case = server.backend, elder(terminal)
    office.seals.samples = True
    assert office.certificates.run().made == 0
    assert office.seals.all() == []
    found = check(office.certificates.of(case.case_id).pdf, office.now(), vouched=office.seals.public())
    assert (found.verdict.value, found.authority, found.notes) == ("genuine", AUTHORITY, ("sample",))
    office.certificates.of(case.case_id, copy=True)
    assert [seal.authority for seal in office.seals.all()] == [AUTHORITY]
    office.seals.withdraw(AUTHORITY)
    assert office.seals.sealer(AUTHORITY) is None


def test_what_is_not_certain_is_not_certified(server: Server, terminal: Terminal) -> None:
    office = server.backend
    without_a_seal = elder(terminal)
    with pytest.raises(NotCertified, match="seal-missing"):
        office.certificates.of(without_a_seal.case_id)
    office.seals.make(AUTHORITY)
    young = replace(decided(terminal.number(), "elder_card", YOUNG), outcome="approved")
    refused = decided(terminal.number(), "elder_card", YOUNG)
    doubted = elder(terminal)
    push(terminal, young, refused)
    office.late.settle(doubted.case_id, "otherwise")
    for case in (young, refused, doubted):
        with pytest.raises(NotCertified, match="not-certified"):
            office.certificates.of(case.case_id)
    shop = decided(terminal.number(), "pension_verification", OLD)
    push(terminal, shop)
    with pytest.raises(NotCertified, match="no-certificate"):
        office.certificates.of(shop.case_id)
    assert office.certificates.run().made == 1, "the one that had to wait for its seal"


def test_a_correction_gives_the_next_version_and_the_list_tells_the_one_before(
    office: Backend, terminal: Terminal, clock: Clock
) -> None:
    case = elder(terminal)
    first = office.certificates.of(case.case_id)
    clock.move(minutes=5)
    second = office.certificates.correct(case.case_id, {"applicant.name": "欧阳某"}, "clerical-error")
    assert (second.version, licence_id.parse(second.licence_id)) == (2, licence_id.parse(first.licence_id).corrected())
    assert "欧阳某（第" not in text_of(second.pdf)
    assert "第2版" in text_of(second.pdf)
    assert "欧阳某某" not in text_of(second.pdf)
    clock.move(minutes=5)
    told = published(office)

    def standing(made: Electronic) -> tuple[Verdict, tuple[str, ...]]:
        said = judge(check(made.pdf, clock.now, vouched=told.seals).mark, told, clock.now)
        return said.verdict, said.notes

    assert standing(first) == (Verdict.REVOKED, ("replaced",))
    assert standing(second) == (Verdict.GENUINE, ())
    office.late.settle(case.case_id, "revoked")
    told = published(office)
    assert standing(second)[0] is Verdict.REVOKED, "what voids the case voids every version of its paper"
    for changes, why in (({"no_such": "x"}, "a"), ({"applicant.name": " "}, "a"), ({"applicant.name": "某"}, "多")):
        with pytest.raises((BackendError, NotCertified)):
            office.certificates.correct(elder(terminal).case_id, changes, why)


def test_what_a_person_approved_later_is_certified_from_that_day(
    office: Backend, terminal: Terminal, clock: Clock
) -> None:
    case = decided(terminal.number(), "elder_card", NAMED, verification=Verification.LATER)
    assert case.outcome == "referred"
    push(terminal, case)
    with pytest.raises(NotCertified, match="not-certified"):
        office.certificates.of(case.case_id)
    clock.move(days=2)
    for deed in (Deed.ACCEPTED, Deed.APPROVED):
        office.lives.act(case.case_id, Act(deed, Role.DEPARTMENT, "某人"))
    assert "2026年06月03日" in text_of(office.certificates.of(case.case_id).pdf)
    office.lives.act(case.case_id, Act(Deed.VOIDED, Role.DEPARTMENT, "某人", Text("某因", "a reason")))
    with pytest.raises(NotCertified, match="not-certified"):
        office.certificates.of(case.case_id)


def test_it_is_made_in_a_quiet_moment_by_itself(office: Backend, terminal: Terminal) -> None:
    made = threading.Event()

    def certify(until: Callable[[], bool]) -> None:
        if office.certificates.run(until, again=False).made:
            made.set()

    quiet = QuietReplays(office.replays, office.arrived, 0.01, None, certify)
    quiet.start()
    try:
        elder(terminal)
        assert made.wait(30)
    finally:
        quiet.stop()
    assert office.certificates.run().made == 0, "once"


@pytest.mark.slow
def test_a_name_that_cannot_be_printed_says_so_and_harms_nobody_else(office: Backend, terminal: Terminal) -> None:
    rare = elder(terminal, replace(NAMED, name="王\U0003fff0"))
    fine = elder(terminal, replace(NAMED, name="王𠮷䶮"))
    with pytest.raises(NotCertified) as caught:
        office.certificates.of(rare.case_id)
    assert caught.value.code == "glyph-missing"
    assert "fonts-hanazono" in caught.value.advice
    done = office.certificates.run()
    assert (done.made, done.not_made) == (1, {"glyph-missing": 1})
    assert "王𠮷䶮" in text_of(office.certificates.of(fine.case_id).pdf)


def test_a_seal_that_has_run_out_or_was_withdrawn_is_not_used(
    office: Backend, terminal: Terminal, clock: Clock
) -> None:
    case, other = elder(terminal), elder(terminal, OLD)
    made = office.certificates.of(case.case_id)
    clock.move(days=400)
    with pytest.raises(NotCertified, match="seal-missing"):
        office.certificates.of(other.case_id)
    found = check(made.pdf, clock.now, vouched=published(office).seals)
    assert (found.verdict.value, found.notes) == ("genuine", ("sample", "certificate-expired"))
    office.seals.make(AUTHORITY)
    office.certificates.of(other.case_id)
    assert office.seals.withdraw(AUTHORITY) == 2
    assert check(made.pdf, clock.now, vouched=published(office).seals).verdict.value == "withdrawn"


def test_the_operator_s_commands_and_the_citizen_s_agree(
    server: Server, terminal: Terminal, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    case, out, public = elder(terminal), tmp_path / "certificate.pdf", tmp_path / "public"
    assert seal_desk.seal_key(settings, seal_desk.Wanted(AUTHORITY)) == 0
    assert json.loads(capsys.readouterr().out)["sample"] is True
    assert seal_desk.certificate(settings, case.case_id, out) == 0
    assert desk.papers(settings, public, "0571-0000000") == 0
    capsys.readouterr()
    beside = tmp_path / "certificate.pdf.sm2"
    usual = {"sm2": beside, "list_file": public / "papers.jws", "root": str(public / "root.key"), "now": settings.clock}
    status = commands.verify_seal(out, **usual, as_json=True)  # type: ignore[arg-type]
    assert status == commands.WITHOUT_EFFECT, "a sample seal is no yes for a script"
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["authority"], told["certificate"]["verdict"]) == ("genuine", AUTHORITY, "genuine")
    assert commands.verify_seal(out, now=settings.clock) == 3, "nobody vouches for it"
    data = bytearray(out.read_bytes())
    data[2000] ^= 1
    out.write_bytes(data)
    assert commands.verify_seal(out, **usual) == 1  # type: ignore[arg-type]
    with pytest.raises(BackendError, match="no-such-case"):
        seal_desk.certificate(settings, "none", out)
    with pytest.raises(BackendError, match="no-file"):
        seal_desk.certificate(settings, case.case_id, None)


def test_a_backup_holds_the_certificates_too(
    office: Backend, terminal: Terminal, settings: Settings, tmp_path: Path
) -> None:
    case = elder(terminal)
    made = office.certificates.of(case.case_id)
    saved = backup(settings, tmp_path / "saved" / "backup.tar")
    assert (saved.materials, saved.missing) == (1, [])
    place = tmp_path / "again"
    again = Settings(f"sqlite:///{place}/backend.db", str(place / "blobs"), clock=settings.clock)
    restore(again, tmp_path / "saved" / "backup.tar")
    other = Backend(again)
    try:
        assert other.certificates.of(case.case_id).pdf == made.pdf
    finally:
        other.close()


def test_the_licence_of_a_shop_is_made_by_its_own_layout(server: Server, terminal: Terminal) -> None:
    office = server.backend
    office.seals.make("某局")
    case = decided(terminal.number(), "individual_business", YOUNG, SHOP, promised=True)
    block = terminal.reserve("uscc")
    case = replace(case, uscc=credit_code("330102", block.first))
    assert push(terminal, case) == ["accepted"]
    text = text_of(office.certificates.of(case.case_id).pdf)
    assert all(word in text for word in ("营业执照", case.uscc, "登记机关已加盖电子印章", "春风小铺"))
