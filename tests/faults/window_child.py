"""The terminal in a process of its own behind its real window, offscreen: it says what stands on the page.

As tests/crash/terminal_child.py, whose orders it takes. More of them: ``read`` is answered by ``{"done", "page",
"texts"}`` with every text that can be seen; ``go_on`` goes on where a visit was stopped; ``look_again`` on the page
out_of_service; ``upload`` commits a large case. The window lives in the first thread, orders come on another.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtQuick import QQuickView

from kiosk import housekeeping, wire
from kiosk.demo.cabinet import AREA_CODE
from kiosk.domain import codes
from kiosk.domain.case import new_case_id
from kiosk.journal.records import CaseRecord, Numbers, SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.running import _crash
from tests.crash.terminal_child import Child, say
from tests.robot import _place
from ui import app
from ui.player.eyes import in_sight, text_of, visible_items

LOOK_EVERY = 20  # ms
HOUSE_LOOKS_EVERY = 1.0  # s: at the disk's room and the clock; else every 10 and 5 s, which a test would only wait for


class Window:
    """Whatever has to be done in Qt's thread is put here by the orders' thread."""

    def __init__(self) -> None:
        self._view: QQuickView | None = None
        self._wanted: queue.SimpleQueue[Callable[[QQuickView], None]] = queue.SimpleQueue()
        self.shown = threading.Event()

    def opened(self, view: QQuickView) -> None:
        self._view = view
        timer = QTimer(view)
        timer.timeout.connect(self._work)
        timer.start(LOOK_EVERY)
        self.shown.set()

    def _work(self) -> None:
        while self._view is not None and not self._wanted.empty():
            self._wanted.get()(self._view)

    def close(self) -> None:
        self._wanted.put(lambda _: QCoreApplication.quit())

    def texts(self) -> list[str]:
        answer: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

        def look(view: QQuickView) -> None:
            seen = (item for item in visible_items(view) if in_sight(item, view))
            answer.put([text for text in map(text_of, seen) if text])

        self._wanted.put(look)
        return answer.get(timeout=20)


def orders(child: Child, window: Window) -> None:
    window.shown.wait()
    for line in sys.stdin:
        order = json.loads(line)
        match order.pop("do"):
            case "read":
                say(done="read", page=child._shown, texts=window.texts())
            case "ready":
                child.stand()
            case "go_on":
                go_on(child, **order)
                say(done="go_on", pages=child.robot.passed)
            case "upload":
                upload(child, order["size"])
                say(done="upload")
            case "look_again":
                child._forward(child.delays.out_of_service)
                say(done="look_again")
            case do:
                getattr(child, do)(**order)
    window.close()


def go_on(child: Child, stop: str, service: str, card: str, way: str) -> None:
    """From the page on which an order before this one has stopped."""
    shown = child.robot.last
    assert shown is not None
    child.robot._answer(shown, service, card, way)
    child.robot.go_on(_place(shown), stop, service, card, way)


def upload(child: Child, size: int) -> None:
    """A case with a sealed picture of so many bytes, committed without a citizen; a test, as all of a demo's are."""
    journal, standing = child.terminal.journal, child.terminal._standing()
    assert journal is not None
    assert standing is not None
    case_id, now = new_case_id(), datetime.now(UTC)

    def sealed(plain: bytes, part: int) -> bytes:
        return seal(plain, standing.sealing_key, item_info(standing.terminal_id, case_id, part))

    picture = sealed(os.urandom(size), 1)

    def build(numbers: Numbers) -> CaseRecord:
        case_no = codes.case_no(AREA_CODE, now.date(), numbers.take(codes.block_kind("case", test=True)))
        payload = wire.CasePayload(
            case_id, case_no, "pension", "0001", "pension", "1.0.0", "approved", "provisional", "staff", True,
            now.isoformat(), now.isoformat(), [], test=True,
        )  # fmt: skip
        return CaseRecord(
            case_id, case_no, "pension", "1.0.0", "approved", "provisional", "staff", now, True,
            sealed(msgspec.json.encode(payload), 0),
            (SealedMaterial(hashlib.sha256(picture).hexdigest(), "page", picture),),
        )  # fmt: skip

    journal.commit(build)
    child.terminal.kick()


def main() -> int:
    threading.excepthook = _crash
    housekeeping.ROOM_SECONDS = housekeeping.CLOCK_SECONDS = HOUSE_LOOKS_EVERY
    child = Child(json.loads(sys.argv[1]))
    window = Window()
    threading.Thread(target=orders, args=(child, window), name="orders", daemon=True).start()

    def core() -> Any:
        child.terminal.start()
        return child.terminal

    status = app.run(core, size=(1080, 1920), language=os.environ["KIOSK_LANGUAGE"], on_first_frame=window.opened)
    say(stopped=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
