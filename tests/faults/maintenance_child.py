"""The terminal behind its real window, offscreen, whose staff come: tests/crash/maintained_child.py with a window.

More orders: ``walk`` opens every page of every room and writes down every text that was told or drawn, in both
languages; ``papers`` prints the report and makes the bundle; ``fuzz`` touches whatever a child would; ``set_aside``
puts the newest case into quarantine. The window lives in the first thread, orders come on another.
"""

from __future__ import annotations

import io
import json
import os
import queue
import random
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtQuick import QQuickView
from PySide6.QtTest import QTest

from kiosk.maintenance.desk import Act, Open, Speak
from kiosk.maintenance.report_room import ReportRoom
from kiosk.running import _crash
from kiosk.visit import events as ev
from tests.crash.maintained_child import Staffed, spoken, ways_from, words_of
from tests.crash.terminal_child import say
from tests.faults.window_child import Window
from tests.robot import Stuck
from ui import app
from ui.player.eyes import text_of, visible_items

LANGUAGES = ("zh_CN", "en")
MOST_PAGES = 400
LEAVES = ("filter", "look", "updates")
"""Acts that show more of what a room knows, and change nothing."""
MOST_OLDER = 40
RESTING = ("attract", "under_work", "out_of_service")


class Eyes(Window):
    """``seen``: every text of the window's item tree, in sight or scrolled away."""

    def ask(self, look: Callable[[QQuickView], Any]) -> Any:
        answer: list[Any] = []
        done = threading.Event()

        def work(view: QQuickView) -> None:
            answer.append(look(view))
            done.set()

        self._wanted.put(work)
        assert done.wait(20), "the window does not answer"
        return answer[0]

    def seen(self) -> list[str]:
        self.ask(lambda _: None)  # what was on its way to the window has come by the second turn
        return self.ask(lambda view: [text for text in map(text_of, visible_items(view)) if text])  # type: ignore[no-any-return]


class Guest(Staffed):
    """Whoever stands there, with a window to look at and to touch."""

    def __init__(self, given: dict[str, Any], window: Eyes) -> None:
        super().__init__(given)
        self.window, self.folder = window, Path(given["folder"])
        self.texts: set[str] = set()

    # -- what is planted

    def set_aside(self, reason: str = "bad-schema") -> None:
        """The newest case that waits, as if the backend could not take it as it is."""
        journal = self.terminal.journal
        assert journal is not None
        waiting = [case.case_id for case in journal.cases() if case.state == "queued"]
        journal.set_aside(waiting[-1], "quarantined", reason)
        say(done="set_aside")

    # -- looking at everything

    def walk(self, out: str) -> None:
        """From the menu on, wherever a touch leads. Says which pages there were; the texts go to the file ``out``."""
        assert self._followed is not None
        assert self._now is not None
        to_do = [tile.path for tile in self._now.menu]
        done: list[str] = []
        while to_do and len(done) < MOST_PAGES:
            path = to_do.pop(0)
            if path in done:
                continue
            page = self._go(path)
            if page is None:
                continue
            done.append(path)
            to_do += [each for each in ways_from(page) if each not in done]
            self._look()
            for button in page.buttons:
                if button.name in LEAVES and button.enabled:
                    self._turn(button.name, button.value)
                    self._read_on()
        self._write(out)
        say(done="walk", pages=done)

    def _write(self, out: str) -> None:
        for snapshot in self._snapshots:
            for said in words_of(snapshot):
                self.texts |= {spoken(said, language) for language in LANGUAGES}
        Path(out).write_text(json.dumps(sorted(self.texts), ensure_ascii=False), "utf-8")

    def _turn(self, name: str, value: str) -> None:
        assert self._followed is not None
        self._followed.post(Act(name, value))
        self._settled()
        self._look()

    def _read_on(self) -> None:
        """To the end of a log that is leafed through."""
        for _ in range(MOST_OLDER):
            page = self._now.page if self._now is not None else None
            if page is None or not any(button.name == "older" and button.enabled for button in page.buttons):
                return
            self._turn("older", "")

    def _look(self) -> None:
        assert self._followed is not None
        for language in LANGUAGES:
            self._followed.post(Speak(language))  # type: ignore[arg-type]  # one of the two
            self._settled(quiet=0.02)
            self.texts |= set(self.window.seen())

    def runs(self, out: str) -> None:
        """Every test of every device, and every repair as far as "yes" and "go on" lead: what lies there is seen."""
        assert self._go("tests") is not None
        assert self._now is not None
        ran = []
        for subject in [row.key for row in self._now.page.rows]:
            page = self._go(f"tests/{subject}")
            for row in page.rows if page is not None else ():
                if row.button is not None and row.button.name == "run":
                    for name, value in (("run", row.button.value), ("yes", ""), ("stop", "")):
                        self._turn(name, value)
                    ran.append(f"{subject}/{row.button.value}")
        page = self._go("repairs")
        for path in list(ways_from(page)) if page is not None else ():
            if self._go(path) is None:
                continue
            for name in ("pass_over", "yes", "try", "pass_over", "yes", "over", "give_up"):
                self._turn(name, "")
            ran.append(path)
        self._write(out)
        say(done="runs", ran=ran)

    def papers(self, out: str) -> None:
        """The report on paper, long and short; the bundle, unpacked into the folder ``out``."""
        room = self._followed._rooms["report"] if self._followed is not None else None
        assert isinstance(room, ReportRoom)
        assert self._go("report") is not None
        told = []
        for act in ("print", "print-short", "save", "bundle"):
            self._turn(act, "")
            notice = self._now.page.notice if self._now is not None else None
            told.append(notice.text.key if notice is not None else "")
        with zipfile.ZipFile(io.BytesIO(room.bundle())) as packed:
            packed.extractall(out)
        say(done="papers", told=told)

    # -- a member of staff who wants more than the table says

    def schemes(self, role: str, paths: list[str], acts: list[list[str]]) -> None:
        """Opens each path and does each act on whatever page that leads to, by intents that no button offers."""
        self.enter(role, told=False)
        assert self._followed is not None
        first = len(self._snapshots)
        for path in paths:
            self._followed.post(Open(path))
            for name, value in acts:
                self._followed.post(Act(name, value))
            self._settled()
        pages = sorted({snapshot.page.path for snapshot in self._snapshots[first:]})
        self.leaves(told=False)
        say(done="schemes", pages=pages)

    # -- a child

    def fuzz(self, seed: int, touches: int) -> None:
        """Fingers wherever they fall, keys most of all; time passes. Says which pages there were."""
        chance, seen = random.Random(seed), set()
        device = self.window.ask(lambda _: QTest.createTouchDevice())
        for _ in range(touches):
            seen.add(self._shown)
            turn = chance.random()
            if turn < 0.06:
                self.terminal.post(ev.EntryAsked())
            elif turn < 0.08:
                self._forward(chance.choice((1.0, 20.0, 40.0, 130.0)))
            else:
                self.window.ask(lambda view: _poke(view, device, chance))
        rested = self._rests()
        say(done="fuzz", pages=sorted(seen | {self._shown}), rested=rested)

    def _rests(self) -> str:
        """Nobody touches anything any more: the page on which nobody is served comes by itself."""
        self._catch_up()
        for _ in range(40):
            if self._shown in RESTING:
                break
            self._forward(150.0)
            with suppress(Stuck):
                self.robot.wait(lambda new: new.page in RESTING, 1.0)
        self._catch_up()
        return self._shown

    def _catch_up(self) -> None:
        """What was shown while nobody looked is over."""
        with suppress(queue.Empty):
            while True:
                self.robot.last = self.robot._screens.get_nowait()

    def closes(self, reason: str) -> None:
        """Out of service, or ("") open again."""
        assert self.terminal._afar is not None
        if reason:
            self.terminal._afar.close_here(reason, None)
        else:
            self.terminal._afar.open_here()
        self.robot.page("out_of_service" if reason else "attract")
        say(done="closes")

    def rows(self) -> None:
        """How long the audit chain is."""
        journal = self.terminal.journal
        assert journal is not None
        say(done="rows", count=journal.head().seq)


def _poke(view: QQuickView, device: Any, chance: random.Random) -> None:
    """A tap, a stroke or two fingers; on something that can be touched, or anywhere."""
    found = [i for i in visible_items(view) if i.isEnabled() and i.metaObject().indexOfSignal("tapped()") >= 0]
    if found and chance.random() < 0.85:
        item = chance.choice(found)
        at = item.mapToScene(QPointF(chance.random() * item.width(), chance.random() * item.height()))
    else:
        at = QPointF(chance.random() * view.width(), chance.random() * view.height())
    to = at + QPointF(chance.randint(-300, 300), chance.randint(-300, 300)) if chance.random() < 0.1 else at
    fingers = 2 if chance.random() < 0.1 else 1
    sequence = QTest.touchEvent(view, device, False)
    for finger in range(fingers):
        sequence.press(finger, (at + QPointF(70 * finger, 0)).toPoint(), view)
    sequence.commit()
    if to is not at:
        sequence = QTest.touchEvent(view, device, False)
        for finger in range(fingers):
            sequence.move(finger, _inside(view, to + QPointF(70 * finger, 0)), view)
        sequence.commit()
    sequence = QTest.touchEvent(view, device, False)
    for finger in range(fingers):
        sequence.release(finger, _inside(view, to + QPointF(70 * finger, 0)), view)
    sequence.commit()


def _inside(view: QQuickView, at: QPointF) -> QPoint:
    return QPoint(max(0, min(view.width() - 1, round(at.x()))), max(0, min(view.height() - 1, round(at.y()))))


def orders(guest: Guest, window: Eyes) -> None:
    window.shown.wait()
    guest.stand()
    for line in sys.stdin:
        order = json.loads(line)
        getattr(guest, order.pop("do"))(**order)
    window.close()


def main() -> int:
    threading.excepthook = _crash
    window = Eyes()
    guest = Guest(json.loads(sys.argv[1]), window)
    threading.Thread(target=orders, args=(guest, window), name="orders", daemon=True).start()

    def core() -> Any:
        guest.terminal.start()
        return guest.terminal

    status = app.run(
        core, size=(1080, 1920), language=os.environ.get("KIOSK_LANGUAGE", "zh_CN"), on_first_frame=window.opened
    )
    say(stopped=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
