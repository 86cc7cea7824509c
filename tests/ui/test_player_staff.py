"""A scripted technician: a long press, the menu, a page, the end; and how many touches that took."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from kiosk.domain.text import Language
from kiosk.maintenance.desk import Leave, Open, Speak
from kiosk.visit.screen import EntryBody
from tests.ui.maintained import STAFF_PAGE, FakeDesk, Works
from ui.player.player import Player, VisitReport
from ui.player.script import parse
from ui.samples import Sample, snapshot

CODE = "204173184709255"  # of the length that the page takes
SHOWN = ("330102-AB2C3D", "2026-11-27 14", "483 920")
ENTRY = Sample("entry", "entry", EntryBody("code", terminal=SHOWN[0], hour=SHOWN[1], challenge=SHOWN[2]), {})


class _Terminal:
    """What the window's core does in such a visit, and the operator's side of it."""

    def __init__(self, stage: Any, attract: Sample, trusting: bool = False) -> None:
        self.trusting = trusting
        self.desk, self.codes, self.attract = FakeDesk(), [], attract
        self._stage, self._heard, self._language = stage, [], "zh_CN"
        self._works = Works(stage, self.desk)
        stage.bridge.maintained_by(lambda: self.desk)
        stage.core.post, self.desk.post = self._event, self._intent

    def show(self, sample: Sample) -> None:
        screen = snapshot(sample)
        self._stage.core.listener(screen)
        for hear in self._heard:
            hear(screen)

    def follow(self, hear: Any) -> None:
        self._heard.append(hear)
        self.show(self.attract)

    def entry_code(self, role: str, terminal: str, hour: str, challenge: str) -> str:
        self.codes.append((role, terminal, hour, challenge))
        return CODE

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None:
        """Whatever a citizen who gives up takes back."""

    def _event(self, event: Any) -> None:
        match type(event).__name__:
            case "EntryAsked" if not self.trusting:
                self.show(ENTRY)
            case "EntryTyped" | "EntryAsked":
                self.codes.append(getattr(event, "typed", ""))
                self.show(STAFF_PAGE)
                self._tell("overview")

    def _intent(self, intent: Any) -> None:
        match intent:
            case Open(path):
                self._tell(path)
            case Speak(language):
                self._tell("overview", language)
            case Leave():
                self.desk.tell(None)
                self.show(self.attract)

    def _tell(self, name: str, language: Language | None = None) -> None:
        self._language = self._works.language = language or self._language
        sample = self._works.sample(name)
        self.desk.tell(replace(sample, bar=replace(sample.bar, language=self._language)))


def _play(stage: Any, terminal: _Terminal, folder: Path, table: dict[str, Any]) -> VisitReport:
    came: list[VisitReport] = []
    player = Player(
        stage.view, [parse(table, "technician", "technician.toml")], terminal, out=folder, pictures=False,
        finished=lambda reports, shots: came.extend(reports),
    )  # fmt: skip
    terminal.follow(player.hear)

    def hidden() -> list[Any]:
        return [item for item in stage.items() if item.objectName() == "hidden-press"]

    stage.until(lambda: bool(hidden()))  # the start page makes it when it opens
    for item in hidden():
        item.setProperty("seconds", 0.2)  # five, in the street
    player.start_soon()
    stage.until(lambda: bool(came), 30)
    return came[0]


def test_a_technician_is_played_and_every_touch_counted(stage: Any, sample: Any, tmp_path: Path) -> None:
    terminal = _Terminal(stage, sample("attract"))
    steps = [
        {"hold": "hidden-press", "seconds": 0.5, "until": "entry"},
        {"entry_code": "technician"},
        {"touch": "pad-ok", "until": "maintenance"},
        {"see": "1 处故障，2 处留意"},
        {"touch": "maint-menu"},
        {"touch": "maint-tile-tests"},
        {"see": "设备自查通过"},
        {"touch": "maint-leave"},
    ]
    report = _play(stage, terminal, tmp_path, {"step": steps, "expect": {"touches": 20, "passes": ["maintenance"]}})
    assert report.error is None
    assert terminal.codes == [("technician", *SHOWN), CODE]
    assert report.touches == 20
    assert report.states == ["attract", "entry", "maintenance", "attract"]


def test_a_failed_script_leaves_the_window_and_says_what_was_seen_in_its_language(
    stage: Any, sample: Any, tmp_path: Path
) -> None:
    terminal = _Terminal(stage, sample("attract"), trusting=True)
    steps = [
        {"hold": "hidden-press", "seconds": 0.5, "until": "maintenance"},
        {"touch": "no-such-thing", "within": 0.3},
    ]
    report = _play(stage, terminal, tmp_path, {"step": steps, "lang": "en"})
    assert report.error is not None
    assert "'no-such-thing' to touch" in report.error
    assert "1 fault, 2 to watch" in report.error  # in the script's language
    stage.until(lambda: stage.bridge.page == "attract")
    assert report.touches == 2
