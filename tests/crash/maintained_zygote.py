"""The fork server of a terminal whose staff come (maintained_child.py), made of the parts of terminal_zygote.py."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from kiosk.health import failpoints
from tests.crash import fork_server, maintained_child, terminal_zygote


def staffed(given: dict[str, Any]) -> None:
    """A life. What the environment says counts from here on, as it would for a new process."""
    os.environ.update(given["environment"])
    tempfile.tempdir = None
    failpoints.arm(given["failpoints"])
    maintained_child.main(given["given"], terminal_zygote._tell)


if __name__ == "__main__":
    try:
        fork_server.serve({"terminal": staffed}, terminal_zygote.learn)
    finally:
        terminal_zygote.clear()
