"""The fork server of a terminal (fork_server.py): it has imported what the first life imported until it was ready.

So the first life costs what a start costs, and the others a fourth of it. The children that a terminal starts itself
(camera, papers) are programs of their own, as ever.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from kiosk.health import failpoints
from tests.crash import fork_server, terminal_child

_learnt = Path(tempfile.mkdtemp(prefix="kiosk-zygote-")) / "modules"


def terminal(given: dict[str, Any]) -> None:
    """A life. What the environment says counts from here on, as it would for a new process."""
    os.environ.update(given["environment"])
    tempfile.tempdir = None
    failpoints.arm(given["failpoints"])
    terminal_child.main(given["given"], _tell)


def _tell() -> None:
    draft = _learnt.with_name(f"modules.{os.getpid()}")
    draft.write_text("\n".join(sys.modules))
    draft.replace(_learnt)


def learn() -> None:
    """Before a birth: whatever an earlier life has imported, once."""
    if not _learnt.exists():
        return
    for name in _learnt.read_text().split("\n"):
        if name not in sys.modules:
            with suppress(ImportError):  # made by hand, or gone again
                importlib.import_module(name)
    _learnt.unlink()
    assert threading.active_count() == 1, "a fork would leave threads behind"
    gc.collect()
    gc.freeze()


def clear() -> None:
    for left in _learnt.parent.iterdir():
        left.unlink()
    _learnt.parent.rmdir()


if __name__ == "__main__":
    try:
        fork_server.serve({"terminal": terminal}, learn)
    finally:
        clear()
