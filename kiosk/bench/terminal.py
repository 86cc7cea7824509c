"""``python -m kiosk.bench.terminal FILE``: one terminal with its window, composed as ``kiosk run`` composes it.

Prints the monotonic clock (seconds) of its first frame on the first line and, on the second, of the attract page with
every light well; then runs until SIGTERM. FILE holds a pickled profile: a bench needs no demonstration's imports.
"""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.visit.screen import Screen
BUG = 70  # EX_SOFTWARE


def main() -> int:
    """Everything heavy is left to where ``kiosk run`` has it: behind the first frame."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.bench.terminal")
    parser.add_argument("file", type=Path)
    made = pickle.loads(parser.parse_args().file.read_bytes())  # noqa: S301 (written by the bench a moment ago)

    from kiosk.running import watch
    from kiosk.terminal import Terminal
    from ui import app

    make_view = vars(app)["make_view"]
    first: list[float] = []

    def watched(*arguments: Any, **named: Any) -> Any:
        """The window as it is, with an ear to its first frame: the hook of ``app.run`` comes after more work."""
        view = make_view(*arguments, **named)
        view.frameSwapped.connect(lambda: first.append(time.monotonic()))
        return view

    vars(app)["make_view"] = watched
    terminal = Terminal(made, failed=_give_up)

    well: list[float] = []

    def look(screen: Screen) -> None:
        """The core's thread: a terminal counts as at rest when a citizen would find everything working."""
        lights = getattr(screen.body, "lights", ())  # the attract page alone has them
        if lights and all(light.ok for light in lights) and not well:
            well.append(time.monotonic())
            print(well[0], flush=True)

    def begun(_window: object) -> None:
        print(first[0], flush=True)
        terminal.subscribe(look)

    watchdog = watch(terminal, made)
    try:
        return app.run(
            terminal.start, size=made.size, language=made.language, on_first_frame=begun,
            beat=watchdog.window_moves, beat_seconds=watchdog.pulse,
        )  # fmt: skip
    finally:
        watchdog.end(anew=False)
        terminal.stop()


def _give_up(error: BaseException) -> None:
    traceback.print_exception(error)
    os._exit(BUG)


if __name__ == "__main__":
    sys.exit(main())
