"""``python -m ui.gallery --out DIR``: every page as a PNG, in both orientations, languages and sizes of type."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QUICK_BACKEND", "software")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import PySide6.QtQuick  # noqa: F401  # before anything is grabbed
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop
from PySide6.QtGui import QGuiApplication

from kiosk.domain.text import LANGUAGES, Language
from kiosk.visit.screen import NoticeBody
from ui.bridge import Bridge
from ui.samples import Sample, samples, snapshot
from ui.samples_maintenance import maintenance_samples
from ui.walk import walk
from ui.window import complete, destroy, make_view

STAFF_PAGE = Sample("maintenance", "maintenance", NoticeBody(), {})
WIPED = Sample("wiping", "wiping", NoticeBody(), {})
SIZES = {"portrait": (1080, 1920), "landscape": (1920, 1080)}


class Silent:
    """A voice for pictures: the control that asks for it is drawn."""

    ready = True

    def say(self, sentences: Sequence[str], language: str, ended: Callable[[bool], None]) -> None: ...

    def hush(self) -> None: ...


class Pinned:
    """A maintenance desk for pictures: it has one snapshot."""

    def __init__(self) -> None:
        self.listener: Callable[[Any], None] = lambda snapshot: None

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    def post(self, intent: object) -> None: ...


def settle(milliseconds: int = 60) -> None:
    """Let Qt lay out and load what is pending."""
    timer = QElapsedTimer()
    timer.start()
    while timer.elapsed() < milliseconds:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ui.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="names that begin so")
    parser.add_argument("--orientation", choices=[*SIZES, "both"], default="both")
    parser.add_argument("--lang", choices=[*LANGUAGES, "both"], default="both")
    parser.add_argument("--elder", choices=["no", "yes", "both"], default="both")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    count, voice = 0, Silent()
    for orientation, size in SIZES.items():
        if options.orientation not in (orientation, "both"):
            continue
        bridge = Bridge("zh_CN", clock=lambda: 0.0)
        view = make_view(bridge, size, still=True)
        view.show()
        complete(bridge, view)
        bridge.speaks_by(lambda: voice)
        for language in LANGUAGES:
            if options.lang not in (language, "both"):
                continue
            for elder in (False, True):
                if options.elder not in ("yes" if elder else "no", "both"):
                    continue
                for sample in (*samples(language), *walk(language)):
                    if not sample.name.startswith(options.only):
                        continue
                    bridge._show(snapshot(sample, language, elder))
                    settle()
                    name = f"{sample.name}-{orientation}-{language}{'-elder' if elder else ''}.png"
                    view.grabWindow().save(str(options.out / name))
                    count += 1
            if options.elder != "yes":
                count += _maintenance(bridge, view, language, orientation, options.only, options.out)
        destroy(view)
    print(f"{count} pictures in {options.out}")
    app.quit()
    return 0


def _maintenance(bridge: Bridge, view: Any, language: Language, orientation: str, only: str, out: Path) -> int:
    """The pages of staff: one size of type."""
    desk, count = Pinned(), 0
    bridge.maintained_by(lambda: desk)
    wanted = [sample for sample in maintenance_samples(language) if sample.name.startswith(only)]
    if not wanted:
        return 0
    bridge._show(snapshot(STAFF_PAGE, language))
    for sample in wanted:
        desk.listener(sample.snapshot)
        settle()
        view.grabWindow().save(str(out / f"{sample.name}-{orientation}-{language}.png"))
        count += 1
    bridge._show(snapshot(WIPED, language))
    return count


if __name__ == "__main__":
    sys.exit(main())
