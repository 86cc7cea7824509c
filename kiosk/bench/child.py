"""``python -m kiosk.bench.child NAME``: one bench in a process of its own; its rows as JSON on standard output."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Iterator, Mapping

from kiosk.bench.reading import rows_of
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
    json.dump([row.as_json() for row in _rows(measured, bench.limit)], sys.stdout, ensure_ascii=False)
    return 0


def _rows(measured: list[Row | Mapping[str, object]], limit: float | None) -> Iterator[Row]:
    for item in measured:
        if isinstance(item, Row):
            yield item
        else:
            yield from rows_of(item, limit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
