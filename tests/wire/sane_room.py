"""A scanner behind SANE's `test` backend, or the reason why there is none here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devices.simulators.sane import SaneTwin


@contextmanager
def sane_scanner() -> Iterator[SaneTwin]:
    """Started; skips the test where this machine lacks what it needs."""
    twin = SaneTwin("document_scanner")
    try:
        twin.start()
    except RuntimeError as why:
        pytest.skip(str(why))
    try:
        yield twin
    finally:
        twin.stop()
