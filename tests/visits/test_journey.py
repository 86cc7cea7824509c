"""One case, the whole way: applied for at the terminal, supplemented by phone, approved by the street, put into a
department's exchange tables and answered from there; its voucher printed at the next card read, the case rated badly
then, the rating answered, and the answer seen. Terminal, backend and PostgreSQL are real, and so is the browser: the
office's, and a telephone's of 360 pixels.

Only with KIOSK_PEER_JOURNEY=1. KIOSK_PEER_JOURNEY_PICTURES=DIR: pictures of every page.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyotp
import pypdfium2
import pytest
from PIL import Image

from devices.simulators.deck import make_deck
from kiosk.backend.store.postgres_room import PostgresRoom, programs
from kiosk.demo.cabinet import PICTURES
from kiosk.demo.registers import FRAME
from kiosk.seals.checking import check
from tests.visits.test_visits import HERE

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
psycopg = pytest.importorskip("psycopg", reason="pip install 'psycopg[binary]'")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.skipif(not os.environ.get("KIOSK_PEER_JOURNEY"), reason="KIOSK_PEER_JOURNEY plays the whole journey"),
    pytest.mark.skipif(not CHROMIUM, reason="a browser is missing: apt-get install chromium"),
    pytest.mark.skipif(programs() is None, reason="PostgreSQL is missing: apt-get install postgresql"),
    pytest.mark.timeout(900),
]
PASSWORD = "纸 墨 印 章 四个字"
ITEM = "11370800MB285591843370117002011"  # 实施编码: a made-up place's
LIMIT = 60_000  # ms, for one page
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
ANSWER = "对不起，让您多跑了一趟；以后材料一次说全。"
DEEDS = (  # of a bad rating: deed, choice, words
    ("called", "reached", "打过电话，问清楚了。"),
    ("verified", "upheld", "第一次没有说全。"),
    ("answered", "", ANSWER),
)


@pytest.fixture
def department() -> Iterator[tuple[str, Any]]:
    """A department's PostgreSQL with its exchange tables: address and connection."""
    folder = programs()
    assert folder is not None
    room = PostgresRoom(folder)
    try:
        url = room.new_schema()
        sql = (files("kiosk.backend.connectors") / "data" / "exchange.sql").read_text(encoding="utf-8")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql)
            yield url, connection
    finally:
        room.stop()


@contextmanager
def demo(out: Path, connectors: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The terminal, playing the script; what it says goes to ``said.txt``."""
    with (out.parent / "said.txt").open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "kiosk.cli", "demo", "--headless", "--visit", str(HERE / "journey.toml"),
             "--out", str(out), "--pictures", "few", "--connectors", str(connectors)],
            stdout=said, stderr=subprocess.STDOUT, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        try:
            yield running
        finally:
            if running.poll() is None:
                running.terminate()
            running.wait(60)


def wait(true: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    limit = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < limit, f"waited {seconds:g} s for {what}"
        time.sleep(0.1)
    return found


class Tab:
    """One browser with its cookies, which notes what goes wrong in it."""

    def __init__(self, browser: Any, base: str, size: dict[str, int], name: str) -> None:
        self.context = browser.new_context(viewport=size, locale="zh-CN", base_url=base)
        self.context.set_default_timeout(LIMIT)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self._name, self._shots = name, 0

    def shoot(self) -> None:
        """A picture of the page as it stands, if pictures are wanted; and no page is wider than its window."""
        over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, self.page.url
        self._shots += 1
        if folder := os.environ.get("KIOSK_PEER_JOURNEY_PICTURES"):
            self.page.screenshot(path=Path(folder) / f"{self._name}-{self._shots:02d}.png", full_page=True)

    def text(self) -> str:
        return str(self.page.inner_text("main"))

    def sees(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def send(self, form: str = "main form") -> None:
        self.page.locator(f"{form} button").last.click()
        self.page.wait_for_load_state()

    def goto(self, path: str) -> None:
        self.page.goto(path)


class Reviewer(Tab):
    """A member of staff, from the first sign-in on."""

    def sign_in(self, login: str) -> None:
        self.goto("/console/")
        self.page.fill("#f-name", login)
        self.page.fill("#f-password", PASSWORD)
        self.shoot()
        self.send()
        secret = self.page.inner_text(".code").replace(" ", "")  # the page of the second factor: no picture of it
        self.page.fill("#f-code", pyotp.TOTP(secret).now())
        self.send()
        self.page.wait_for_url("**/console/queue")
        self.shoot()

    def take(self, case_no: str) -> None:
        self.goto("/console/queue")
        self.page.fill("#f-number", case_no)
        self.send("form.find")
        self.page.locator("form[action$='/take'], #deeds").first.wait_for()
        self.shoot()
        take = self.page.locator("form[action$='/take'] button")
        if take.count():  # else it is in this hand still
            take.click()
        self.page.locator("#deeds").wait_for()

    def do(self, deed: str, *choices: str, reason: str = "") -> None:
        """``choices``: values of boxes to tick by their selector, inside the deed's own form."""
        form = self.page.locator(f"form:has(input[name=deed][value={deed}])")
        self.page.locator(f"details:has(input[name=deed][value={deed}]) summary").click()
        for choice in choices:
            for box in form.locator(choice).all():
                box.check()
        if reason:
            form.locator("textarea").fill(reason)
        self.shoot()
        form.locator("button").click()
        self.page.wait_for_load_state()
        self.shoot()


def account(out: Path, login: str, role: str, name: str) -> None:
    """As an operator makes it, at the demo's database."""
    subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "backend", "staff", "--db", f"sqlite:///{out / 'backend' / 'backend.db'}",
         "--add", login, "--role", role, "--area", "140213", "--shown", name],
        input=PASSWORD + "\n", text=True, check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def picture(tmp_path: Path) -> Path:
    """What a telephone's camera makes of two pages of a register: nobody's."""
    made = io.BytesIO()
    Image.effect_noise((1200, 1600), 40).convert("RGB").save(made, "JPEG")
    file = tmp_path / "IMG_0001.jpg"
    file.write_bytes(made.getvalue())
    return file


def on_the_phone(phone: Tab, case_no: str) -> None:
    """Number, and the last six characters of whoever has applied."""
    phone.goto(f"/p/progress?no={case_no}")
    phone.page.fill("#f-ending", make_deck(pictures=dict.fromkeys(PICTURES, FRAME))["resident"].document.number[-6:])
    phone.shoot()
    phone.send("form[action='/p/progress']")
    phone.page.wait_for_url("**/p/case")
    phone.shoot()


def supplemented(phone: Tab, case_no: str, paper: Path) -> None:
    on_the_phone(phone, case_no)
    phone.sees("户口簿")
    phone.page.click("a[href='/p/case/supplement']")
    phone.page.set_input_files("input[type=file]", paper)
    phone.page.check("#f-true")
    phone.shoot()
    phone.send("form[action='/p/case/supplement']")
    phone.page.wait_for_url("**/p/case?said=done")
    phone.shoot()
    assert phone.page.locator("a[href='/p/case/supplement']").count() == 0, "asked for once, handed in once"


def exchanged(exchange: Any, backend: Path, case_no: str) -> None:
    """The department's rows, then its own result, which has to be read and to fit the case."""

    def rows(statement: str) -> list[Any]:
        return list(exchange.execute(statement).fetchall())

    wait(lambda: rows("SELECT 1 FROM up_pro_result"), "the department's rows")
    assert rows("SELECT project_no, task_code, project_type FROM up_pro_accept") == [(case_no, ITEM, "2")]
    assert rows("SELECT project_no, result_type FROM up_pro_result") == [(case_no, "0")]
    steps = [name for (name,) in rows("SELECT process_name FROM up_pro_process")]
    assert len(steps) == len(set(steps)) == 5, steps
    assert rows("SELECT count(*) FROM up_pro_material WHERE material_name = '户口簿'") == [(1,)]
    exchange.execute(
        "INSERT INTO down_pro_result (row_guid, project_no, result_type, result_date, result_explain, cd_time) "
        "VALUES ('of-the-department', %s, '0', to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')"
        "::timestamp, '从次月起发放', now())",
        [case_no],
    )
    wait(lambda: rows("SELECT 1 FROM down_pro_result WHERE read_time IS NOT NULL"), "its result to be read")

    def settled() -> list[Any]:
        with closing(sqlite3.connect(backend)) as store:
            return store.execute("SELECT state, why FROM connector_results WHERE state <> 'new'").fetchall()

    assert wait(settled, "its result to be done") == [("done", "confirmed")], "the street's decision, and its own"
    wait(lambda: rows("SELECT 1 FROM up_pro_process WHERE process_name = '部门确认'"), "the step that it is")


def deeds(backend: Path) -> list[str]:
    """What was done to the one case of this demo."""
    with closing(sqlite3.connect(backend)) as store:
        return [deed for (deed,) in store.execute("SELECT deed FROM life_events ORDER BY seq")]


def answered(street: Reviewer) -> None:
    """Called back, looked into, answered in writing: nothing less is let by."""
    street.goto("/console/ratings")
    street.shoot()
    street.page.click("a[href^='/console/ratings/']")
    for deed, choice, words in DEEDS:
        street.page.check(f"#f-{deed}")
        if choice:
            street.page.select_option(f"#f-choice-{deed}", choice)
        street.page.fill("#f-words", words)
        street.shoot()
        street.send("main form.card")
        street.sees(words)
    street.shoot()


def in_the_browser(folder: Path, community: Reviewer, street: Reviewer, phone: Tab, exchange: Any) -> None:
    """Everything that happens to the case between two visits of its citizen."""
    community.sign_in("zhang")
    case_no = community.page.locator("#rows .small.number").first.inner_text().replace(" ", "")
    community.take(case_no)
    community.do("supplement_asked", "input[name=material][value=household]")
    supplemented(phone, case_no, picture(folder))
    community.take(case_no)
    community.do("forwarded", "input[name=phrase]")
    street.sign_in("li")
    street.take(case_no)
    street.do("approved", "input[name=point]", "input[name=phrase]")
    street.sees("符合高龄津贴条件")
    exchanged(exchange, folder / "out" / "backend" / "backend.db", case_no)
    street.page.reload()
    street.sees("部门确认")
    phone.goto("/p/case")
    phone.sees("已批准")
    phone.sees("从次月起发放")
    phone.shoot()
    phone.page.click("a[href='/p/case/rating']")  # it could be rated here as well; it is at the terminal
    assert phone.page.locator("input:checked").count() == 0, "nothing is chosen beforehand"
    phone.page.locator("summary").nth(3).click()
    phone.shoot()


def after_the_rating(street: Reviewer, phone: Tab) -> None:
    """The street sees that the voucher was taken, and answers; the citizen reads it."""
    street.page.reload()
    street.sees("送达")
    street.shoot()
    answered(street)
    phone.goto("/p/case")
    phone.sees(ANSWER)
    phone.shoot()


def voucher(out: Path, names: list[str]) -> None:
    """What came out of the A4 printer, sealed by the street and about the old person."""
    (file,) = [out / name for name in names if name.endswith(".pdf")]
    data = file.read_bytes()
    found = check(data, datetime.now(UTC))
    assert (found.authority, found.notes[:1]) == ("南关街道办事处", ("sample",))
    with pypdfium2.PdfDocument(data) as document:
        text = "".join(document[0].get_textpage().get_text_range().split())
    assert all(word in text for word in ("高龄津贴审核通过告知单", "王方", "已加盖电子印章"))
    assert "14021319350403" not in text, "numbers are masked"
    assert "补打" not in text
    if folder := os.environ.get("KIOSK_PEER_JOURNEY_PICTURES"):
        shutil.copy(file, Path(folder) / "voucher.pdf")


def test_a_case_goes_its_whole_way(tmp_path: Path, department: tuple[str, Any]) -> None:
    url, exchange = department
    out, connectors, secret = tmp_path / "out", tmp_path / "connectors.yaml", tmp_path / "civil.url"
    secret.touch(mode=0o600)
    secret.write_text(url, encoding="ascii")
    connectors.write_text(
        "civil_affairs:\n  mapping: national_tables\n  services: [elder_allowance]\n  tests: true\n  poll: 1\n"
        f'  url_file: civil.url\n  items: {{ elder_allowance: "{ITEM}" }}\n'
        '  office: { org_code: "11140213MB0000000X", org_name: 平城区民政局, data_source: "142" }\n',
        encoding="utf-8",
    )
    told = tmp_path / "said.txt"
    with demo(out, connectors) as running, sync_api.sync_playwright() as play:

        def here(name: str) -> bool:
            assert running.poll() is None, told.read_text(encoding="utf-8")
            return (out / "meetings" / f"{name}.here").exists()

        wait(partial(here, "applied"), "the terminal's visit", 300)
        base = told.read_text(encoding="utf-8").partition("staff: ")[2].partition("/console/")[0]
        account(out, "zhang", "community", "张社工")
        account(out, "li", "street", "李干事")
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        community, street = Reviewer(browser, base, DESK, "community"), Reviewer(browser, base, DESK, "street")
        phone = Tab(browser, base, PHONE, "phone")
        in_the_browser(tmp_path, community, street, phone, exchange)
        (out / "meetings" / "applied.go").touch()
        wait(partial(here, "rated"), "the next card read", 300)
        wait(lambda: deeds(out / "backend" / "backend.db")[-1:] == ["delivered"], "the voucher's delivery")
        after_the_rating(street, phone)
        assert [community.problems, street.problems, phone.problems] == [[], [], []]
        browser.close()
        (out / "meetings" / "rated.go").touch()
        running.wait(300)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert (running.returncode, report["ok"]) == (0, True), told.read_text(encoding="utf-8")
    voucher(out, report["documents"])
    assert report["journal"] == {"committed": 1, "acknowledged": 1, "queued": 0, "quarantined": 0}
