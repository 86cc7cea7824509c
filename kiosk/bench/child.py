"""``python -m kiosk.bench.child NAME``: one bench in a process of its own; its rows as JSON on standard output."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Mapping

from kiosk.bench.registry import BENCHES
from kiosk.bench.rows import Row


def main(name: str) -> int:
    """Measure and print; what the bench itself prints goes to standard error."""
    bench = next(bench for bench in BENCHES if bench.name == name)
    module, _, function = bench.target.partition(":")
    with contextlib.redirect_stdout(sys.stderr):
        measured = getattr(importlib.import_module(module), function)()
        if isinstance(measured, (Row, Mapping)):
            measured = [measured]
        rows = [row if isinstance(row, Row) else Row.of(row) for row in measured]
    json.dump([row.as_json() for row in rows], sys.stdout, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
