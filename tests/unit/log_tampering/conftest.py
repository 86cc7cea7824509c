"""One log that nobody touches, and a copy of it for each test that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.log_tampering.log_room import EVENTS, SIGNED_AT, Log, make


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return make(tmp_path_factory.mktemp("log") / "journal", EVENTS, SIGNED_AT)


@pytest.fixture
def log(whole: Log, tmp_path: Path) -> Log:
    return whole.copy(tmp_path / "journal")
