"""The operator's commands beside a database that does not answer: each says so, with its cure, and closes what it
opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kiosk.backend import Backend, BackendError, Settings, desk, issue_code, log_desk, publish_desk, seal_desk
from kiosk.backend.oversight import desk as oversight_desk
from kiosk.backend.store.engine import Store, StoreBusy

COMMANDS: dict[str, Callable[[Settings, Path], object]] = {
    "issue-code": lambda settings, _: issue_code(settings, "330102", "Market Street"),
    "revoke": lambda settings, _: desk.revoke(settings, "t-1"),
    "settle": lambda settings, _: desk.settle(settings, "c-1", "confirmed"),
    "withdraw-pack": lambda settings, _: desk.withdraw_pack(
        settings, "catering_cold_dishes", "1.0.0", "2026-06-01T00:00:00+08:00"
    ),
    "papers": lambda settings, out: desk.papers(settings, out, ""),
    "replay": lambda settings, _: desk.replay(settings),
    "certificate": lambda settings, out: seal_desk.certificate(settings, "c-1", out),
    "correct": lambda settings, out: seal_desk.correct(settings, "c-1", {"shop_name": "x"}, "clerical-error", out),
    "published": lambda settings, _: publish_desk.show(settings),
    "outcomes": lambda settings, _: publish_desk.outcomes(settings, ""),
    "heads": lambda settings, _: log_desk.heads(settings, "t-1"),
    "allow-log": lambda settings, _: log_desk.allow_another(settings, "t-1"),
    "oversight": lambda settings, _: oversight_desk.run(settings, oversight_desk.Wanted("refresh")),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_database_that_does_not_answer_is_said_with_its_cure(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(f"sqlite:///{tmp_path}/backend.db", str(tmp_path / "blobs"))
    Backend(settings).close()
    closed: list[object] = []

    def busy(*_args: Any, **_more: Any) -> NoReturn:
        raise StoreBusy

    close = Store.close
    monkeypatch.setattr(Store, "read", busy)
    monkeypatch.setattr(Store, "write", busy)
    monkeypatch.setattr(Store, "close", lambda store: closed.append(close(store)))
    with pytest.raises(BackendError) as failure:
        COMMANDS[name](settings, tmp_path / "out")
    assert (failure.value.code, failure.value.retryable) == ("store-busy", True)
    assert "try again" in failure.value.advice
    assert closed


def test_a_database_that_was_not_there_is_made_and_that_is_said(tmp_path: Path, capsys: Any) -> None:
    settings = Settings(f"sqlite:///{tmp_path}/mistyped.db", str(tmp_path / "blobs"))
    for said in ("made a new, empty database", ""):
        issue_code(settings, "330102", "Market Street")
        told = capsys.readouterr().err
        assert ("mistyped.db" in told) is bool(said)
        assert said in told
