"""The page that anyone can open without a line says the same as the command, in a browser of today and of yesterday."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from kiosk import wire
from kiosk.documents.compose import as_copy
from kiosk.domain.papers import PaperContent
from kiosk.papers import cose
from kiosk.papers import mark as marks
from kiosk.papers.judging import judge
from kiosk.papers.listing import RevokedPaper
from kiosk.papers.pages import page
from kiosk.papers.statement import serial_of
from tests.unit.papers.conftest import NOON, Office, pair

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="a browser is missing: apt-get install chromium"),
    pytest.mark.timeout(300),  # a browser starts slowly on a busy machine
]
Case = Callable[..., dict[str, PaperContent]]
LIMIT = 60_000  # ms
OLD_BROWSER = "const real = crypto.subtle.importKey.bind(crypto.subtle); crypto.subtle.importKey = async (...a) => { if (a[2].name === 'Ed25519') throw new DOMException('', 'NotSupportedError'); return real(...a); };"  # fmt: skip  # noqa: E501
SLOW = """const real = crypto.subtle.verify.bind(crypto.subtle); globalThis.waiting = globalThis.running = null;
crypto.subtle.verify = (...a) => { if (!waiting) return real(...a);
  const go = new Promise((done) => waiting.push(done)).then(() => real(...a)); running.push(go); return go; };"""
NO_CRYPTO = "Object.defineProperty(globalThis.crypto, 'subtle', {value: undefined});"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=3 * LIMIT
        )
        yield running
        running.close()


class Checker:
    """The page in one tab, from a file, with every request noted."""

    def __init__(self, browser: Any, file: Path, now: datetime, before: str = "") -> None:
        self.context = browser.new_context(offline=True)
        self.context.set_default_timeout(LIMIT)
        self.tab = self.context.new_page()
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("pageerror", lambda error: self.problems.append(str(error)))
        self.tab.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        self.tab.add_init_script(f"Date.now = () => {now.timestamp() * 1000};{before}")
        self.file = file

    def open(self, hash_: str = "") -> None:
        self.tab.goto(self.file.as_uri() + hash_)
        self.tab.wait_for_selector("body[data-ready]", timeout=LIMIT, state="attached")

    def check(self, text: str) -> tuple[str, str]:
        """Verdict and notes."""
        self.tab.evaluate("document.getElementById('result').dataset.verdict = ''")
        self.tab.fill("#text", text)
        self.tab.click("#check")
        self.tab.wait_for_selector("#result:not([data-verdict=''])", timeout=LIMIT)
        return self.result()

    def result(self) -> tuple[str, str]:
        found = self.tab.locator("#result")
        return found.get_attribute("data-verdict"), found.get_attribute("data-notes")


Open = Callable[..., Checker]


@pytest.fixture
def checker(browser: Any, tmp_path: Path) -> Iterator[Open]:
    made: list[Checker] = []

    def make(office: Office, before: str = "", now: datetime | None = None) -> Checker:
        file = tmp_path / "check.html"
        file.write_text(page(office.published(), wire.b64(office.root)), encoding="utf-8")
        made.append(Checker(browser, file, now or office.issued, before))
        return made[-1]

    yield make
    for one in made:
        assert one.problems == []
        assert {url.partition("#")[0] for url in one.requests} <= {one.file.as_uri()}, "it asked for something else"
        one.context.close()


def papers(office: Office, case: Case) -> list[PaperContent]:
    """One of every kind of answer."""
    office.epochs = [pair(1), pair(2), pair(3)]
    good = [office.print(as_copy(paper, copy)) for copy in (0, 2) for paper in case().values()]
    good += [office.print(case(online=False)["receipt"]), office.print(case(test=True, language="en")["receipt"])]
    late = [office.print(case()["receipt"], office.issued + timedelta(minutes=5))]
    early = [office.print(case()["receipt"], NOON - timedelta(days=20))]
    office.replaced = (office.issued + timedelta(minutes=30)).isoformat()
    office.until = (office.issued + timedelta(hours=2)).isoformat()
    changing = [office.print(case()["receipt"], office.issued + timedelta(hours=hours)) for hours in (1, 3)]
    stranger = Office(terminal=pair(77))
    return [*good, *late, *early, *changing, stranger.print(case()["receipt"])]


@pytest.mark.parametrize("before", ["", OLD_BROWSER], ids=["WebCrypto", "noble-ed25519"])
def test_the_page_judges_as_the_command_does(checker: Open, office: Office, case: Case, before: str) -> None:
    made = papers(office, case)
    opened = checker(office, before)
    opened.open()
    seen = set()
    for paper in made:
        expected = judge(paper.qr, office.list(), office.issued)
        assert opened.check(paper.qr) == (expected.verdict.value, " ".join(expected.notes))
        says_yes = "真的" in opened.tab.inner_text("#result .title")
        assert says_yes == (expected.verdict.value == "genuine" and "test" not in expected.notes)
        seen.add(expected.verdict.value)
    assert seen == {"genuine", "unknown-key", "replaced-key"}
    assert opened.check("140213261122000003187") == ("no-mark", "")


def test_every_flipped_bit_is_refused_by_the_page_too(checker: Open, office: Office, case: Case) -> None:
    """All of them, in one call: the page's own functions, not its buttons."""
    text = marks.find(office.print(case()["licence"]).qr).removeprefix(marks.PREFIX)
    data = base64.b32decode(text + "=" * (-len(text) % 8))
    texts = []
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        texts.append("P1." + base64.b32encode(bytes(changed)).decode().rstrip("="))
    opened = checker(office)
    script = opened.file.read_text(encoding="utf-8").replace(
        'document.body.dataset.ready = "1";',
        "globalThis.judged = (t) => judge(t, list, Date.now() / 1000); document.body.dataset.ready = '1';",
    )
    opened.file.write_text(script, encoding="utf-8")
    opened.open()
    ask = "async (texts) => { const out = []; for (const t of texts) out.push((await judged(t)).verdict); return out; }"
    verdicts = opened.tab.evaluate(ask, texts)
    assert opened.tab.evaluate(ask, ["P1." + text]) == ["genuine"]
    assert len(verdicts) == len(data) * 8
    assert set(verdicts) <= {"altered", "unknown-key"}
    assert verdicts.count("unknown-key") == 64, "the bits of the key's id, and no others"


def test_a_code_opens_the_page_with_its_paper(checker: Open, office: Office, case: Case) -> None:
    paper = office.print(case()["licence"])
    opened = checker(office)
    opened.open("#" + paper.qr.rpartition("#")[2])
    assert opened.result() == ("genuine", "")
    words = opened.tab.inner_text("#result")
    for text in (
        "真的，没有被改过",
        "Genuine",
        paper.values["name"],
        paper.values["credit_code"],
        "个体工商户设立登记",
    ):
        assert text in words
    assert "140213 261122" in words


def test_a_revoked_paper_is_told_in_both_languages_and_an_old_list_says_its_age(
    checker: Open, office: Office, case: Case
) -> None:
    paper = office.print(case()["licence"])
    office.revoked.append(RevokedPaper(serial_of(paper.case_id).hex(), NOON.isoformat(), "uscc", "exchange"))
    corrected = [
        office.print(replace(case("elder_card")[name], case_id="other")) for name in ("certificate", "receipt")
    ]
    row = RevokedPaper(serial_of("other").hex(), NOON.isoformat(), "corrected", "replaced", "certificate")
    office.revoked.append(row)
    opened = checker(office, now=office.issued + timedelta(days=9))
    opened.open()
    assert opened.check(paper.qr) == ("revoked", "list-old exchange")
    words = opened.tab.inner_text("main")
    for text in ("已经失效", "Revoked", "名单过期了", "out of date", "9 天前", "9 days old", "0352-0000000"):
        assert text in words
    assert [opened.check(each.qr) for each in corrected] == [("revoked", "list-old replaced"), ("genuine", "list-old")]


def test_a_newer_list_may_be_brought_and_a_forged_one_is_refused(
    checker: Open, office: Office, case: Case, tmp_path: Path
) -> None:
    paper = office.print(case()["licence"])
    opened = checker(office)
    opened.open("#" + paper.qr.rpartition("#")[2])
    office.revoked.append(RevokedPaper(serial_of(paper.case_id).hex(), NOON.isoformat(), "revoked", "void"))
    newer, forged = tmp_path / "papers.jws", tmp_path / "forged.jws"
    newer.write_text(office.published())
    opened.tab.set_input_files("#newer", newer)
    opened.tab.wait_for_selector("#result[data-verdict=revoked]", timeout=LIMIT)
    forged.write_text(Office(epochs=[pair(55)]).published())
    opened.tab.set_input_files("#newer", forged)
    opened.tab.wait_for_selector("#result[data-verdict=bad-list]", timeout=LIMIT)
    assert opened.tab.inner_text("#list") == ""


def test_a_browser_without_any_crypto_says_that_it_cannot_check(checker: Open, office: Office, case: Case) -> None:
    opened = checker(office, NO_CRYPTO)
    opened.open("#" + office.print(case()["licence"]).qr.rpartition("#")[2])
    assert opened.result()[0] == "cannot"
    assert "kiosk paper verify" in opened.tab.inner_text("#result")


def test_nothing_runs_out_of_the_page_in_large_type_either(checker: Open, office: Office, case: Case) -> None:
    """A small telephone, one held across, a wide screen and the terminal's own."""
    opened = checker(office)
    opened.open("#" + office.print(case()["licence"]).qr.rpartition("#")[2])
    for _ in ("usual", "large"):
        for width, height in ((320, 568), (844, 390), (1280, 720), (1080, 1920)):
            opened.tab.set_viewport_size({"width": width, "height": height})
            over = opened.tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, (width, height)
        opened.tab.click("#larger")


def test_an_answer_that_comes_late_is_not_shown_as_that_of_another_code(
    checker: Open, office: Office, case: Case
) -> None:
    opened = checker(office, SLOW)
    opened.open()
    opened.tab.evaluate("waiting = [], running = []")
    opened.tab.fill("#text", office.print(case()["licence"]).qr)
    opened.tab.click("#check")
    opened.tab.wait_for_function("waiting.length === 1", timeout=LIMIT)
    assert opened.check("P1.AAAA") == ("altered", "")
    opened.tab.evaluate("waiting.splice(0).forEach((go) => go())")
    opened.tab.evaluate("Promise.all(running).then(() => new Promise(requestAnimationFrame))")
    assert opened.result() == ("altered", "")


def test_no_answer_outlives_the_code_that_it_was_about(checker: Open, office: Office, case: Case) -> None:
    mark = "#" + office.print(case()["licence"]).qr.rpartition("#")[2]
    opened = checker(office)
    opened.open(mark)
    assert opened.result()[0] == "genuine"
    opened.tab.fill("#text", mark[:-1])
    assert opened.tab.inner_text("#result") == ""
    assert opened.check(mark)[0] == "genuine"
    opened.tab.evaluate("new Promise((done) => { addEventListener('hashchange', done); location.hash = ''; })")
    assert opened.tab.input_value("#text") == ""
    assert opened.tab.inner_text("#result") == ""


@pytest.mark.parametrize("change", [{8: 2**39}, {12: 0}, {13: False}, {9: b"short"}, {10: "serial"}, {2: "x" * 129}])
def test_a_signed_statement_of_another_form_is_refused_by_the_page_too(
    checker: Open, office: Office, case: Case, change: dict[int, Any]
) -> None:
    payload = marks.parse(office.print(case()["receipt"]).qr).signed.payload
    data = cose.sign(cbor2.dumps(cbor2.loads(payload) | change, canonical=True), office.terminal[0])
    text = marks.PREFIX + base64.b32encode(data).decode().rstrip("=")
    assert judge(text, office.list(), office.issued).verdict.value == "altered"
    opened = checker(office)
    opened.open("#" + text)
    assert opened.result() == ("altered", "")


def test_an_older_list_does_not_take_the_newer_ones_place(
    checker: Open, office: Office, case: Case, tmp_path: Path
) -> None:
    """Genuine as well, and it knows nothing of what was revoked since."""
    paper, older = office.print(case()["licence"]), tmp_path / "papers.jws"
    older.write_text(office.published())
    office.issued += timedelta(hours=2)
    office.revoked.append(RevokedPaper(serial_of(paper.case_id).hex(), NOON.isoformat(), "revoked", "void"))
    opened = checker(office)
    opened.open("#" + paper.qr.rpartition("#")[2])
    assert opened.result()[0] == "revoked"
    issued = opened.tab.get_attribute("#list", "data-issued")
    opened.tab.set_input_files("#newer", older)
    opened.tab.wait_for_selector("#result:not([data-verdict=revoked])", timeout=LIMIT)
    assert opened.result()[0] == "older-list"
    assert opened.tab.get_attribute("#list", "data-issued") == issued
    opened.tab.click("#check")
    opened.tab.wait_for_selector("#result[data-verdict=revoked]", timeout=LIMIT)
