"""``python -m kiosk.bench.terminal FILE``: one terminal with its window, offscreen, as ``kiosk run`` composes it.

Prints the monotonic clock (seconds) on the first line when its first frame was shown, then runs until it is told to
end by SIGTERM. FILE is JSON: ports, folder, enrolment_code, size, language.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path


def main() -> int:
    """Everything heavy is left to where ``kiosk run`` has it: behind the first frame."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.bench.terminal")
    parser.add_argument("file", type=Path)
    given = json.loads(parser.parse_args().file.read_text(encoding="utf-8"))

    from kiosk.demo.cabinet import profile
    from kiosk.terminal import Terminal
    from ui import app

    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # crash-only: the next start is the clean-up
    made = profile(
        given["ports"],
        Path(given["folder"]),
        enrolment_code=given["enrolment_code"],
        size=(given["size"][0], given["size"][1]),
        language=given["language"],
    )
    terminal = Terminal(made)
    try:
        return app.run(
            terminal.start, size=made.size, language=made.language, headless=True, on_first_frame=_tell_the_time
        )
    finally:
        terminal.stop()


def _tell_the_time() -> None:
    print(time.monotonic(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
