"""The window while the camera looks: how long the Qt thread is away at a time, and how many pictures come.

A citizen stands on the face page; frames flow from the camera's child, which looks for faces in them. A timer of the Qt
thread ticks every two milliseconds: what lies between two ticks is work that kept the window from answering, a frame it
drew among it. Measured in the thread's own processor time too, because on a busy machine others' work lies in between.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from kiosk.bench.rows import Row
from kiosk.bench.world import OFFSCREEN, SIZE
from kiosk.demo.run import Demo, DemoFailed, Wanted

SECONDS = 8.0
TICK = 2  # ms
FRAME_LIMIT = 25.0  # ms of the Qt thread at a time
RATE = 32.0  # pictures a second from the camera
RATE_LIMIT = 1000 / 30  # ms from picture to picture in the window

STEPS = [
    {"touch": "attract-start"},
    {"touch": "home-service-pension_verification"},
    {"touch": "guide-start", "until": "identify"},
    {"device": "camera", "do": "person", "with": {"who": "several"}},  # refused, so that the page stays
    {"card": "elder"},
    {"touch": "consent-agree", "until": "face"},
]


def measure(seconds: float = SECONDS) -> list[Row]:
    """The longest absence of the Qt thread, its own processor time in it, and the time between two pictures."""
    os.environ.update(OFFSCREEN)
    from ui.player.script import parse

    script = parse({"step": STEPS}, "preview", "preview bench")
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        wanted = Wanted(Path(folder), True, (), False, SIZE, "zh_CN", camera_rate=RATE)
        with Demo(wanted) as demo:
            return _Watch(demo, script, seconds).run()


class _Watch:
    """Plays the citizen as far as the face page, then counts."""

    def __init__(self, demo: Demo, script: Any, seconds: float) -> None:
        self._demo, self._script, self._seconds = demo, script, seconds
        self._terminal = demo.make_terminal()
        self._ticks: list[tuple[float, float]] = []  # wall clock, processor time of the Qt thread
        self._pictures: list[float] = []
        self._trouble = ""

    def run(self) -> list[Row]:
        from ui import app

        try:
            app.run(self._terminal.start, size=SIZE, on_first_frame=self._begin)
        finally:
            self._terminal.stop()
        if self._trouble or len(self._ticks) < 100:
            raise RuntimeError(self._trouble or "the face page was not reached")
        return self._rows()

    def _begin(self, window: Any) -> None:
        import threading

        from ui.player.player import Player
        from ui.ticks import tick

        self._player = Player(
            window, [self._script], self._demo.stage, out=self._demo.papers.parent, finished=self._played
        )
        self._terminal.subscribe(self._player.hear)
        self._terminal.subscribe_frames(self._came)
        tick(window, TICK, self._tick)
        threading.Thread(target=self._prepare, name="bench-before", daemon=True).start()

    def _came(self, frame: object) -> None:
        if frame is not None:
            self._pictures.append(time.monotonic())

    def _prepare(self) -> None:
        try:
            self._demo.before_visits(self._terminal)
        except DemoFailed as error:
            self._trouble = str(error)
            self._player.close_soon()
        else:
            self._player.start_soon()

    def _played(self, visits: list[Any], _: list[str]) -> None:
        """The script ends at the face page; that it never comes back to the start is no failure here."""
        if not self._ticks:
            self._trouble = str(visits[0].error)
            self._player.close_soon()

    def _tick(self) -> bool:
        if not self._pictures:
            return True  # not there yet
        if not self._ticks:
            self._end = time.monotonic() + 1.0 + self._seconds
        now = time.monotonic()
        self._ticks.append((now, time.thread_time()))
        if now > self._end:
            self._player.close_soon()
        return now <= self._end

    def _rows(self) -> list[Row]:
        began = self._ticks[0][0] + 1.0  # the page has slid in, its first picture was taken
        ticks = [tick for tick in self._ticks if tick[0] >= began]
        away = sorted(
            ((after[0] - before[0]) * 1000, (after[1] - before[1]) * 1000)
            for before, after in itertools.pairwise(ticks)
        )
        busy = max(cpu for _, cpu in away)
        pictures = [at for at in self._pictures if began <= at <= ticks[-1][0]]
        took = ticks[-1][0] - ticks[0][0]
        spread = f"{len(away)} looks in {took:.1f} s; 99 % within {away[int(len(away) * 0.99)][0]:.1f} ms"
        every = took * 1000 / max(1, len(pictures))
        return [
            Row("longest work of the Qt thread", None, busy, None, FRAME_LIMIT, "ms", "its own processor time"),
            Row("longest absence of the Qt thread", None, away[-1][0], None, None, "ms", spread),
            Row("from picture to picture", None, every, None, RATE_LIMIT, "ms", f"{len(pictures)} pictures"),
        ]
