"""kiosk doctor: the backend and its clock, as seen from here."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.health import line


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, "ok"), (59, "ok"), (-59, "ok"), (90, "attention"), (-7200, "attention")]
)
def test_a_clock_that_is_off_by_more_than_a_minute_is_told(ahead: int, state: str) -> None:
    check = line.clock(timedelta(seconds=ahead), signed=True)
    assert check.state == state
    if state != "ok":
        assert ("behind" if ahead > 0 else "ahead") in check.finding


def test_a_backend_that_is_not_there_is_told_and_citizens_can_go_on(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (check,) = line.examine(f"http://127.0.0.1:{port}", tmp_path, None)
    assert check.state == "broken"
    assert "nothing listens" in check.finding
    assert "Citizens can go on" in check.advice
    assert line.examine("backend.example", tmp_path, None)[0].state == "broken"
