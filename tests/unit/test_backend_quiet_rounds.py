"""What cannot be done in one quiet round keeps the others of it waiting no longer than a store that is busy."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest

from kiosk.backend.replaying import QuietReplays
from kiosk.backend.store.engine import StoreBusy


@pytest.mark.parametrize("broken", ["lives", "replays"])
def test_one_that_is_broken_stops_no_other(capsys: pytest.CaptureFixture[str], broken: str) -> None:
    done, certified = [], threading.Event()

    def work(name: str) -> None:
        done.append(name)
        if name == broken:
            raise KeyError("13800000000")

    lives = SimpleNamespace(quiet_round=lambda until: work("lives"))
    replays = SimpleNamespace(run=lambda until, again: work("replays"))
    quiet = QuietReplays(replays, threading.Event(), 0.0, lives, lambda until: certified.set())  # type: ignore[arg-type]
    quiet.start()
    try:
        assert certified.wait(10)
    finally:
        quiet.stop()
    assert done == ["lives", "replays"]
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["error"]) for line in told] == [("backend.fault", "KeyError")]
    assert "13800000000" not in json.dumps(told)


def test_a_store_that_is_busy_is_asked_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.backend.replaying.BUSY", 0.0)
    asked, twice = [], threading.Semaphore(0)

    def busy(until: object) -> None:
        asked.append("lives")
        twice.release()
        raise StoreBusy

    lives = SimpleNamespace(quiet_round=busy)
    replays = SimpleNamespace(run=lambda until, again: asked.append("replays"))
    quiet = QuietReplays(replays, threading.Event(), 0.0, lives)  # type: ignore[arg-type]
    quiet.start()
    try:
        assert twice.acquire(timeout=10)
        assert twice.acquire(timeout=10), "it is asked again"
    finally:
        quiet.stop()
    assert set(asked) == {"lives"}
