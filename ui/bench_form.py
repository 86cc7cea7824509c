"""``python -m ui.bench_form``: how long a question's page takes in the window's thread, as one JSON object.

For ``kiosk bench packs``. Each question of the built-in packs follows the one before it, as when one goes on: from the
snapshot to the page that stands, all bindings evaluated (``stands`` the median, ``worst`` the slowest of the questions'
medians), then laid out and painted by the processor (``drawn``: more than a terminal with a graphics unit needs). In
milliseconds of the thread's own processor time.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from dataclasses import replace

os.environ.setdefault("QT_QUICK_BACKEND", "software")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QGuiApplication

from kiosk.services.loader import load_builtin
from kiosk.visit.delays import Delays
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Machine, Visit
from ui.bridge import Bridge
from ui.gallery import settle
from ui.walk import NOW
from ui.window import complete, destroy, make_view

ROUNDS = 5


def main() -> int:
    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    bridge = Bridge("zh_CN", clock=lambda: 0.0)
    view = make_view(bridge, (1080, 1920), still=True)
    view.show()
    complete(bridge, view)
    packs = load_builtin()
    machine = Machine(packs, Delays.load())
    screens = [
        screen_of(Visit(machine, State.FORM, service=pack, question=number), 1, NOW)
        for pack in packs.values()
        for number in range(len(Visit(machine, State.FORM, service=pack).pack.questions))
    ]
    bridge._show(screens[0])
    settle(2000)  # every page is loaded, as it is soon after the start
    stands: list[list[float]] = [[] for _ in screens]
    drawn: list[float] = []
    for _ in range(ROUNDS):
        for number, screen in enumerate(screens):
            before = time.thread_time()
            bridge._show(replace(screen, serial=2))
            after = time.thread_time()
            view.grabWindow()
            stands[number].append((after - before) * 1000)
            drawn.append((time.thread_time() - after) * 1000)
    each = [statistics.median(times) for times in stands]
    found = {
        "pages": len(screens),
        "stands": statistics.median(each),
        "worst": max(each),
        "drawn": statistics.median(drawn),
    }
    json.dump(found, sys.stdout)
    destroy(view)
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
