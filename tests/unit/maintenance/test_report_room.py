"""The report room: what it shows, prints, writes to a stick, and how honestly it says how that ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest

from devices.contracts.device import Action, Fault
from devices.contracts.printing import NotPrinted, Unknown
from kiosk import wire
from kiosk.access.roles import Role
from kiosk.health.bundle import check
from kiosk.health.stick import StickError
from kiosk.journal.catalogue import catalogue
from kiosk.maintenance.room import Session
from kiosk.papers import mark as marks
from tests.unit.maintenance.report_world import NOW, PROOFS, TERMINAL, speak, world

SESSION, PATH = Session(Role.TECHNICIAN, "0417"), ("report",)
MARKER = "王某某"  # stands for anything of a citizen's


class Stick:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.refuses = ""
        self.pulls = True

    def write(self, name: str, data: bytes) -> str:
        if self.refuses:
            raise StickError(self.refuses)
        self.files[name] = data
        return name

    def release(self) -> bool:
        return self.pulls


@pytest.fixture
def stick() -> Stick:
    return Stick()


@pytest.fixture
def there(tmp_path: Path, stick: Stick) -> Iterator[SimpleNamespace]:
    made = world(tmp_path, lambda: stick)
    made.room.enter(PATH, SESSION)
    yield made
    made.journal.close()


def act(there: SimpleNamespace, name: str) -> tuple[str, str]:
    """The key of how it ended, and its tone."""
    there.room.act(PATH, name, "", SESSION)
    event, details = there.desk.audited[-1]
    catalogue()[event].check({"staff": SESSION.who, **details})
    page = there.room.page(PATH, SESSION)
    assert page.busy is None
    return page.notice.text.key.removeprefix("maint.report."), page.notice.tone


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "")
    finally:
        document.close()


def test_the_page_tells_every_test_with_its_time_and_what_is_wrong_now(there: SimpleNamespace) -> None:
    page = there.room.page(PATH, SESSION)
    rows = {row.key: row for row in page.rows}
    assert page.tone == "broken"
    assert len(rows) == len(page.rows)
    for subject, test, *_ in PROOFS:
        assert f"proof-{subject}-{test}" in rows
    assert rows["proof-document_camera-glass"].tone == "broken"
    assert rows["proof-sound-heard"].tone == "attention"
    assert rows["fault-id_reader-0"].tone == "broken"
    assert rows["fault-page_printer-0"].tone == "attention"
    assert f"{NOW:%Y-%m-%d %H:%M}" in rows["proof-document_camera-glass"].detail.values


def test_every_word_of_it_exists_in_both_languages(there: SimpleNamespace) -> None:
    words: dict[str, dict[str, str]] = {}
    for language in ("zh_CN", "en"):
        for file in Path("ui/i18n/maintenance").glob(f"*.{language}.json"):
            words[language] = words.get(language, {}) | json.loads(file.read_text("utf-8"))

    def keys(said: Any) -> Iterator[str]:
        if said is not None:
            if said.key:
                yield said.key
            for value in said.values:
                if hasattr(value, "key"):
                    yield from keys(value)

    page = there.room.page(PATH, SESSION)
    texts = [page.heading, page.lead, *(button.label for button in page.buttons)]
    texts += [said for row in page.rows for said in (row.title, row.detail)]
    for key in {key for said in texts for key in keys(said)}:
        family = ".".join([*key.split(".")[:-1], "other"])
        for language, known in words.items():
            assert key in known or family in known, (language, key)


def test_the_printed_report_says_it_all_and_anybody_can_check_who_signed_it(there: SimpleNamespace) -> None:
    assert act(there, "print") == ("done.print", "ok")
    pdf = there.devices["page_printer"].printed[0]
    text = text_of(pdf)
    for words in ("就绪报告", TERMINAL, "左上角有污渍", "左边三分之一", "试办件走完了全程", "现在的故障", "0.1.0"):
        assert words in text
    document = pypdfium2.PdfDocument(pdf)
    mark = marks.parse(document.get_metadata_value("Keywords"))
    document.close()
    mark.signed.verify(there.public)
    assert (mark.statement.kind, mark.statement.item) == ("report", "readiness")
    assert TERMINAL in mark.statement.shown
    assert there.desk.audited[-1] == ("report.made", {"what": "print", "outcome": "done"})


def test_the_receipt_is_the_short_form(there: SimpleNamespace) -> None:
    assert act(there, "print-short") == ("done.print", "ok")
    assert there.devices["receipt_printer"].printed
    assert not there.devices["page_printer"].printed


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (NotPrinted(Fault("media-empty", Action.REPLENISH)), ("not_printed", "broken")),
        (Unknown(Fault("no-answer", Action.RESET)), ("unknown", "attention")),
    ],
)
def test_only_the_printer_says_that_paper_came_out(there: SimpleNamespace, outcome: Any, told: tuple[str, str]) -> None:
    there.devices["page_printer"].outcome = outcome
    assert act(there, "print") == told
    assert there.desk.audited[-1][1]["outcome"] != "done"


def test_report_and_bundle_on_the_stick_and_when_it_may_be_pulled(there: SimpleNamespace, stick: Stick) -> None:
    assert act(there, "save") == ("done.pull", "ok")
    stick.pulls = False
    assert act(there, "bundle") == ("done.written", "ok")
    report, bundle = sorted(stick.files, key=lambda name: "zip" in name)
    assert report == "readiness-t-140213-0001-20261127-031205.pdf"
    found = check(stick.files[bundle])
    assert (found.terminal, found.key) == (TERMINAL, wire.b64(there.public))
    assert json.loads(found.files["about.json"])["packs"] == {"individual_business": "1.4"}
    assert json.loads(found.files["devices.json"])["page_printer"]["faults"][0]["code"] == "media-low"
    assert any(row["event"] == "proof.noted" for row in json.loads(found.files["log.json"]))


@pytest.mark.parametrize("code", ["no-stick", "not-mounted", "unsafe-mount", "read-only", "full", "gone"])
def test_what_is_wrong_with_the_stick_is_told(there: SimpleNamespace, stick: Stick, code: str) -> None:
    stick.refuses = code
    for name in ("save", "bundle"):
        assert act(there, name) == (f"stick.{code}", "broken")
        assert speak(f"maint.report.stick.{code}", ())
    assert there.desk.audited[-1][1] == {"what": "bundle", "outcome": f"stick.{code}"}
    assert not stick.files


def test_nothing_secret_and_nobody_is_in_report_or_bundle(there: SimpleNamespace, stick: Stick) -> None:
    """The profile's log-ins, codes and secrets, and a person planted where free text can come from."""
    act(there, "bundle")
    act(there, "save")
    bundle = check(next(data for name, data in stick.files.items() if name.endswith(".zip")))
    report = text_of(next(data for name, data in stick.files.items() if name.endswith(".pdf")))
    for text in (*(data.decode() for data in bundle.files.values()), report):
        for secret in ("geheim", "GEHEIM", "140213195803010021", MARKER, MARKER.encode("unicode_escape").decode()):
            assert secret not in text
    assert json.loads(bundle.files["profile.json"])["backend"] == "https://backend.example:8443/api"


def test_a_second_touch_does_not_begin_a_second_thing(tmp_path: Path, stick: Stick) -> None:
    there = world(tmp_path, lambda: stick)
    there.room.enter(PATH, SESSION)
    waiting: list[Any] = []
    there.desk.work = waiting.append
    there.room.act(PATH, "save", "", SESSION)
    there.room.act(PATH, "save", "", SESSION)
    assert len(waiting) == 1
    assert there.room.page(PATH, SESSION).busy is not None
    waiting[0]()
    assert there.room.page(PATH, SESSION).busy is None
    there.journal.close()


def test_a_terminal_without_a_printer_says_so_before_it_is_touched(there: SimpleNamespace) -> None:
    del there.room._house.actors["page_printer"]
    button = there.room.page(PATH, SESSION).buttons[0]
    assert (button.enabled, button.why.key) == (False, "maint.report.no_printer")


def test_the_report_is_of_now(there: SimpleNamespace) -> None:
    """What was shown may be minutes old; what is printed is looked at anew."""
    from kiosk.health.proofs import Proof

    there.journal.note_proof(Proof(NOW + timedelta(minutes=5), "sound", "heard", "passed", "sound-heard", ("31",)))
    act(there, "print")
    assert "麦克风听到了" in text_of(there.devices["page_printer"].printed[0])
