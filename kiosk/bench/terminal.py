"""``python -m kiosk.bench.terminal FILE``: one terminal with its window, composed as ``kiosk run`` composes it.

Prints the monotonic clock (seconds) of its first frame on the first line, then runs until SIGTERM. FILE holds a
pickled profile, which spares the bench a demonstration's imports.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    """Everything heavy is left to where ``kiosk run`` has it: behind the first frame."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.bench.terminal")
    parser.add_argument("file", type=Path)
    made = pickle.loads(parser.parse_args().file.read_bytes())  # noqa: S301 (written by the bench a moment ago)

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
    terminal = Terminal(made)
    try:
        return app.run(
            terminal.start, size=made.size, language=made.language, on_first_frame=lambda _: print(first[0], flush=True)
        )
    finally:
        terminal.stop()


if __name__ == "__main__":
    sys.exit(main())
