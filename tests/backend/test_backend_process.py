"""The backend as its own process: one ready line, a quiet end, nothing lost in between."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from kiosk.backend import BackendError, Settings
from kiosk.backend.serve import bind

SCRIPT = """
import sys
from kiosk.backend import FirstTerminal, serve
serve(sys.argv[1], sys.argv[2], "127.0.0.1:0", ready=lambda line: print(line, flush=True),
      first=FirstTerminal("330102", "East Gate"))
"""


def start(tmp_path):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, f"sqlite:///{tmp_path}/b.db", str(tmp_path / "blobs")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_says_where_it_listens_and_ends_in_good_order(tmp_path):
    codes = set()
    for _ in range(2):
        with start(tmp_path) as process:
            try:
                line = json.loads(process.stdout.readline())
                codes.add(line["enrolment_code"])
                with urllib.request.urlopen(line["listening"] + "/healthz", timeout=10) as answer:
                    assert json.load(answer)["status"] == "ok"
            finally:
                process.send_signal(signal.SIGTERM)
                _, log = process.communicate(timeout=20)
        assert process.returncode == 0
        events = [json.loads(row)["event"] for row in log.splitlines()]
        assert events == ["enrolment.code-issued", "backend.ready", "backend.stopped"]
    assert len(codes) == 2
    assert (tmp_path / "b.db.keys.json").stat().st_mode & 0o777 == 0o600


def test_an_address_in_use_or_without_sense_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BackendError) as caught:
        bind(f"127.0.0.1:{taken.getsockname()[1]}").listen()
    assert caught.value.code == "listen"
    for senseless in ("8080", "localhost", "127.0.0.1:x", "127.0.0.1:70000"):
        with pytest.raises(BackendError):
            bind(senseless)


def test_a_database_that_is_none_stops_the_start(tmp_path):
    from kiosk.backend import create_app

    (tmp_path / "b.db").write_bytes(b"not a database" * 500)
    with pytest.raises(BackendError) as caught:
        create_app(Settings(str(tmp_path / "b.db"), str(tmp_path / "blobs")))
    assert caught.value.code == "store-unusable"


def test_a_body_that_does_not_come_is_left(settings, server):
    from dataclasses import replace

    hasty = type(server)(replace(settings, body_seconds=0.2))
    try:
        with socket.create_connection(("127.0.0.1", hasty.port), timeout=10) as line:
            line.sendall(b"POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
            assert line.recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        hasty.stop()


def test_when_the_store_is_held_by_another_the_answer_is_try_again(terminal, server, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def locked(*_args):
        raise OperationalError("BEGIN", {}, Exception("database is locked"))

    item = terminal.case()
    monkeypatch.setattr("kiosk.backend.core.terminals.find", locked)
    answer = terminal.send("POST", "/v1/items", b"{}")
    assert (answer.status, answer.code, answer.json["retryable"]) == (503, "store-busy", True)
    monkeypatch.undo()
    assert terminal.push(item)[0].status == "accepted"
