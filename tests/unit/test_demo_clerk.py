"""The demo's staff act on the newest case, once it has arrived, by the command; what cannot be done is told."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.demo import clerk as room
from kiosk.demo.clerk import Clerk
from kiosk.demo.commands import kiosk


def ended(done: Callable[[], bool], seconds: float = 30.0) -> bool:
    limit, pause = time.monotonic() + seconds, threading.Event()
    while not done():
        assert time.monotonic() < limit, "it did not end"
        pause.wait(0.01)
    return True


def test_without_a_case_there_is_nothing_to_act_on() -> None:
    clerk = Clerk("sqlite://", lambda: "", lambda case_id: True, lambda: None)
    try:
        with pytest.raises(ValueError, match="no case was committed"):
            ended(clerk.act("accepted", {}))
    finally:
        clerk.close()


def test_a_case_is_waited_for_until_the_backend_has_it() -> None:
    kicked: list[bool] = []
    clerk = Clerk("sqlite://", lambda: "case", lambda case_id: False, lambda: kicked.append(True))
    done = clerk.act("accepted", {})
    assert not done()
    clerk._closing.set()  # the demo ends
    with pytest.raises(ValueError, match="the demo ended"):
        ended(done)
    assert kicked == [True]
    clerk.close()


def test_what_is_said_goes_to_the_command_and_its_complaint_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, ...]] = []

    def command(*arguments: str) -> str:
        given.append(arguments)
        if "refused" in arguments:
            raise ValueError("kiosk backend case: not now")
        return ""

    monkeypatch.setattr(room, "kiosk", command)
    clerk = Clerk("sqlite://", lambda: "case", lambda case_id: case_id == "case", lambda: None)
    try:
        assert ended(clerk.act("supplement_asked", {"reason": "少了一页", "lacking": ["lease", "deed"]}))
        with pytest.raises(ValueError, match="not now"):
            ended(clerk.act("refused", {}))
    finally:
        clerk.close()
    begins = ("backend", "case", "--db", "sqlite://", "--case", "case", "--act")
    assert given[0][:8] == (*begins, "supplement_asked")
    assert given[0][10:] == ("--reason", "少了一页", "--lacking", "lease", "--lacking", "deed")


def test_a_command_that_complains_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a program in the interpreter's place: what it is told, and what it says."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho $*\necho 'nobody knows it' >&2\nexit $5\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    assert kiosk("pack", "list", "0") == "-m kiosk.cli pack list 0\n"
    with pytest.raises(ValueError, match=r"kiosk backend case: nobody knows it"):
        kiosk("backend", "case", "1")
