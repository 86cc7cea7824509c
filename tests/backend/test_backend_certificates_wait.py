"""Certificates that are slow to make keep no batch waiting, and one terminal does not have them made without end."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from kiosk.backend.api import WORKERS
from kiosk.backend.certificates import Electronic, NotCertified
from kiosk.backend.core import CERTIFICATES_AT_ONCE, CERTIFICATES_BURST
from tests.backend.conftest import Server, Terminal

SECONDS = 20.0


def test_they_leave_threads_to_the_others(server: Server, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    item, asked, go_on = terminal.case(), threading.Semaphore(0), threading.Event()

    def slow(*_: object, **__: object) -> Electronic:
        asked.release()
        assert go_on.wait(SECONDS)
        return Electronic("certificate", "", 1, b"%PDF", b"")

    monkeypatch.setattr(server.backend.certificates, "of", slow)
    with ThreadPoolExecutor(WORKERS + 1) as people:
        waiting = [people.submit(terminal.send, "GET", f"/v1/certificates/{item.id}") for _ in range(WORKERS)]
        try:
            assert all(asked.acquire(timeout=SECONDS) for _ in range(CERTIFICATES_AT_ONCE))
            pushed = people.submit(terminal.push, item)
            assert [each.status for each in pushed.result(timeout=SECONDS / 2)] == ["accepted"]
        finally:
            go_on.set()
    counted = Counter(future.result().status for future in waiting)
    assert set(counted) <= {200, 503}
    assert counted[200] >= CERTIFICATES_AT_ONCE
    assert terminal.send("GET", f"/v1/certificates/{item.id}").status == 200, "each turn was given back"


def test_one_terminal_asks_so_often_and_no_more(
    server: Server, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def none(*_: object, **__: object) -> Electronic:
        asked.append(1)
        raise NotCertified("no-such-case", "")

    monkeypatch.setattr(server.backend.certificates, "of", none)
    found = [terminal.send("GET", "/v1/certificates/any?copy=true").status for _ in range(CERTIFICATES_BURST + 1)]
    assert found == [404] * CERTIFICATES_BURST + [429]
    assert len(asked) == CERTIFICATES_BURST
