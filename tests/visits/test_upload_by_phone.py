"""A lease that is a picture on the telephone: the code on the real terminal's screen is read by a decoder nobody here
wrote, a real Chromium of 360 pixels opens it and sends, the citizen keeps one picture and not the other, and the case
says that it came by phone.

Only with KIOSK_PEER_UPLOAD=1. KIOSK_PEER_UPLOAD_PICTURES=DIR: pictures of both screens.
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
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.visits.test_visits import HERE

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.skipif(not os.environ.get("KIOSK_PEER_UPLOAD"), reason="KIOSK_PEER_UPLOAD plays it"),
    pytest.mark.skipif(not CHROMIUM, reason="a browser is missing: apt-get install chromium"),
    pytest.mark.timeout(600),
]
PICTURES = os.environ.get("KIOSK_PEER_UPLOAD_PICTURES", "")


def wait(true: Callable[[], Any], what: str, seconds: float = 240) -> Any:
    limit = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < limit, f"waited {seconds:g} s for {what}"
        time.sleep(0.1)
    return found


def picture(folder: Path, name: str, colour: str) -> Path:
    """What a telephone's camera makes of a page: nobody's."""
    made = io.BytesIO()
    page = Image.effect_noise((900, 1200), 40).convert("RGB")
    page.paste(colour, (100, 100, 800, 300))
    page.save(made, "JPEG")
    file = folder / name
    file.write_bytes(made.getvalue())
    return file


def shoot(page: Any, name: str) -> None:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"phone-{name}.png", full_page=True)


def sent(out: Path, folder: Path, browser: Any) -> None:
    """Scan, send both, see that they arrived; afterwards the page says that the code is over."""
    (shot,) = out.glob("upload-*-code.png")
    (code,) = zxingcpp.read_barcodes(Image.open(shot))
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
    phone, problems = context.new_page(), []
    phone.on("pageerror", lambda error: problems.append(str(error)))
    phone.goto(code.text)
    assert phone.url.endswith("/p/send"), "the address says nothing any more"
    number = phone.inner_text(".sign")
    shoot(phone, "open")
    phone.set_input_files("#f-paper", [picture(folder, "IMG_1.jpg", "red"), picture(folder, "IMG_2.jpg", "blue")])
    phone.click("#send-form button[type=submit]")
    wait(lambda: phone.locator("#send-list .ok").count() == 2, "both to arrive")
    shoot(phone, "sent")
    (out / "meetings" / "code.go").touch()
    wait(lambda: (out / "meetings" / "kept.here").exists(), "the citizen to keep one")
    wait(lambda: "终端已经收到" in phone.inner_text("#send-state"), "the page to say that they were fetched", 30)
    shoot(phone, "fetched")
    assert 10 <= int(number) <= 99
    (out / "meetings" / "kept.go").touch()
    wait(lambda: "重新扫码" in phone.inner_text("#send-state"), "the page to say that it is over", 60)
    shoot(phone, "over")
    phone.goto(code.text)
    phone.get_by_text("这个二维码已经失效").first.wait_for()
    shoot(phone, "expired")
    assert not problems


def test_a_picture_on_the_telephone_becomes_a_page_of_the_case(tmp_path: Path) -> None:
    out, told = tmp_path / "out", tmp_path / "said.txt"
    with told.open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "kiosk.cli", "demo", "--headless", "--visit", str(HERE / "upload.toml"),
             "--out", str(out), "--pictures", "few"],
            stdout=said, stderr=subprocess.STDOUT, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        try:
            wait(lambda: (out / "meetings" / "code.here").exists() or running.poll() is not None, "the code")
            assert running.poll() is None, told.read_text(encoding="utf-8")
            with sync_api.sync_playwright() as play:
                browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                sent(out, tmp_path, browser)
                browser.close()
            running.wait(240)
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait(60)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert (running.returncode, report["ok"]) == (0, True), told.read_text(encoding="utf-8")
    with closing(sqlite3.connect(out / "backend" / "backend.db")) as store:
        assert store.execute("SELECT count(*) FROM inboxes").fetchall() == [(0,)]
        assert store.execute("SELECT count(*) FROM inbox_files").fetchall() == [(0,)]
        pages = store.execute("SELECT count(*) FROM item_materials").fetchall()
    assert pages == [(2,)], "the page that was kept, and the signature"
    if PICTURES:
        for shot in out.glob("upload-*.png"):
            shutil.copy(shot, Path(PICTURES) / f"terminal-{shot.name}")
