"""A real Chromium in front of the pages of a World: one window for each who looks, and hands on the keyboard alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.backend.pages_list import Shown
from tests.backend.pages_world import DOOR, World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PROBE = (Path(__file__).parent / "pages_probe.js").read_text(encoding="utf-8")
WAIT = 30_000  # ms, for one page
TABS = 400  # presses, before something is held to be out of reach
PICTURES = os.environ.get("KIOSK_PEER_PAGES_PICTURES", "")


def axe_source() -> str:
    """axe-core, by Deque (MPL-2.0), as axe-playwright-python carries it or as KIOSK_PEER_PAGES_AXE names it; "" for
    none.
    """
    named = os.environ.get("KIOSK_PEER_PAGES_AXE", "")
    if named:
        return Path(named).read_text(encoding="utf-8")
    try:
        files = metadata.files("axe-playwright-python") or []
    except metadata.PackageNotFoundError:
        return ""
    found = next((each for each in files if each.name == "axe.min.js"), None)
    return "" if found is None else Path(str(found.locate())).read_text(encoding="utf-8")


class Windows:
    """Contexts of one browser, each at an address of its own: nobody is slowed down by what others ask for."""

    def __init__(self, browser: Any, world: World) -> None:
        self._browser, self._world, self._count = browser, world, 0

    @contextmanager
    def open(self, who: str, language: str = "zh_CN", *, scripts: bool = True, **more: Any) -> Iterator[Any]:
        """A page that nobody has gone anywhere with yet; what goes wrong in it is in ``page.problems``."""
        assert self._world.served is not None
        self._count += 1
        context = self._browser.new_context(
            base_url=self._world.served.url, locale="en-GB" if language == "en" else "zh-CN",
            java_script_enabled=scripts,
            extra_http_headers={"x-forwarded-for": f"10.7.{self._count // 250}.{self._count % 250 + 1}"}, **more,
        )  # fmt: skip
        context.set_default_timeout(WAIT)
        context.add_cookies([{"name": "kiosk-language", "value": language, "url": self._world.served.url}])
        page = context.new_page()
        if who:
            page.goto(f"{DOOR}?who={who}")
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda said: page.problems.append(said.text) if "Content Security" in said.text else None)
        try:
            yield page
        finally:
            context.close()

    def show(self, page: Any, one: Shown) -> None:
        """Goes there, with what is sent first, and unfolds what can be unfolded."""
        path = self._world.path(one.path)
        answer = page.goto(self._world.path(one.at) if one.fields is not None else path)
        page.evaluate(PROBE)
        if one.fields is not None:
            fields = {name: self._world.path(value) for name, value in one.fields.items()}
            with page.expect_navigation() as going:
                page.evaluate("([path, fields, parts]) => probe.send(path, fields, parts)", [path, fields, one.parts])
            answer = going.value
            page.evaluate(PROBE)
        assert answer.status == one.status, (one.name, answer.status)
        if one.open:
            page.evaluate("probe.unfold()")


class Hands:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def to(self, selector: str) -> None:
        """Tab until the focus is there."""
        for _ in range(TABS):
            if self.page.evaluate("css => document.activeElement.matches(css)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {selector} on {self.page.url}")

    def press(self, selector: str, key: str = "Enter") -> None:
        self.to(selector)
        self.page.keyboard.press(key)

    def go(self, selector: str, key: str = "Enter") -> None:
        """Presses what leads to another page, and waits for it."""
        self.to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def type(self, selector: str, text: str) -> None:
        self.to(selector)
        self.page.keyboard.type(text)

    def bring(self, selector: str, file: Path, *, scripts: bool) -> None:
        """Chooses a file, as the window for it lets one do by keyboard; that window is Playwright's own where it may
        run scripts, and is passed over where it may not.
        """
        self.to(selector)
        if not scripts:
            self.page.set_input_files(selector, file)
            return
        with self.page.expect_file_chooser() as choosing:
            self.page.keyboard.press("Enter")
        choosing.value.set_files(file)


def shoot(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
