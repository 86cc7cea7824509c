"""The backend as its own process: one ready line, a quiet end, nothing lost in between."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace

import pytest

from kiosk import wire
from kiosk.backend import BackendError, Settings
from kiosk.backend.gate import LARGE_AT_ONCE
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


def head(terminal, method, target, length):
    """A request's head, signed for a body that does not come."""
    headers = {**terminal.headers(method, target), "Host": "a", "Content-Length": str(length)}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


@pytest.mark.parametrize("length", [100, 8_000_000])
def test_a_body_that_does_not_come_is_left(terminal, settings, server, length):
    hasty = type(server)(replace(settings, body_seconds=0.2))
    try:
        with connect(hasty) as line:
            line.sendall(head(terminal, "POST", "/v1/items", length) + b"{")
            assert line.recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        hasty.stop()


def test_no_body_is_waited_for_from_somebody_who_is_none_of_ours(terminal, server):
    stranger = type(terminal)(server.port, terminal.clock)
    unsigned = b"PUT /v1/materials/x HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n"
    for request in (unsigned, head(stranger, "POST", "/v1/items", 8_000_000)):
        with connect(server) as line:
            line.sendall(request)
            assert line.recv(100).startswith(b"HTTP/1.1 401 ")
    server.backend.revoke(terminal.id)
    with connect(server) as line:
        line.sendall(head(terminal, "POST", "/v1/items", 8_000_000))
        assert line.recv(100).startswith(b"HTTP/1.1 403 ")


def test_large_bodies_wait_for_each_other_and_small_ones_for_none(new_terminal, settings, server):
    terminals = [new_terminal() for _ in range(LARGE_AT_ONCE + 1)]
    hasty = type(server)(replace(settings, body_seconds=2.0))
    target = "/v1/materials/" + "a" * 64
    with contextlib.ExitStack() as lines:
        lines.callback(hasty.stop)
        for terminal in terminals[:-1]:
            line = lines.enter_context(connect(hasty))
            line.sendall(head(terminal, "PUT", target, 100_000) + b"x" * 90_000)
        late = terminals[-1]
        late.port = hasty.port
        data = b"y" * 100_000
        small = late.send("POST", "/v1/items", wire.PushRequest([]))
        assert small.status == 200
        assert late.send("PUT", f"/v1/materials/{hashlib.sha256(data).hexdigest()}", data).json["status"] == "accepted"


def test_one_terminal_alone_cannot_hold_all_places_for_large_bodies(new_terminal, settings, server):
    greedy, other = new_terminal(), new_terminal()
    with contextlib.ExitStack() as lines:
        for _ in range(LARGE_AT_ONCE + 2):
            line = lines.enter_context(connect(server))
            line.sendall(head(greedy, "PUT", "/v1/materials/" + "a" * 64, 100_000) + b"x" * 90_000)
        data = b"y" * 100_000
        began = time.monotonic()
        answer = other.send("PUT", f"/v1/materials/{hashlib.sha256(data).hexdigest()}", data)
        assert answer.json["status"] == "accepted"
        assert time.monotonic() - began < settings.body_seconds / 3


def test_an_upload_that_breaks_off_leaves_no_word_in_the_log(terminal, server, caplog, capfd):
    with connect(server) as line:
        line.sendall(head(terminal, "POST", "/v1/items", 100) + b"{")
    assert terminal.send("POST", "/v1/items", wire.PushRequest([])).status == 200
    server.stop()  # and with it whatever was under way
    assert caplog.records == []
    assert "Traceback" not in capfd.readouterr().err


def test_a_connection_that_never_says_what_it_wants_is_closed(server, monkeypatch):
    monkeypatch.setattr("kiosk.backend.lines.HEAD_SECONDS", 0.2)
    for words in (b"", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "):
        with connect(server) as line:
            line.sendall(words)
            assert line.recv(100) == b""
    with connect(server) as line:  # the same on a connection that was good before
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /hea")
        seen = b""
        while part := line.recv(4096):
            seen += part
        assert seen.startswith(b"HTTP/1.1 200 ")


def test_a_connection_that_was_served_is_kept(server, monkeypatch):
    monkeypatch.setattr("kiosk.backend.lines.HEAD_SECONDS", 0.1)
    with connect(server) as line:
        for _ in range(2):
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            seen = b""
            while not seen.endswith(b"}"):
                seen += line.recv(4096)
            assert seen.startswith(b"HTTP/1.1 200 ")
            line.settimeout(0.4)
            with pytest.raises(TimeoutError):
                line.recv(1)
            line.settimeout(10)


def test_one_address_has_so_many_connections_and_this_machine_any_number(server, monkeypatch):
    monkeypatch.setattr("kiosk.backend.lines.PER_ADDRESS", 2)
    with contextlib.ExitStack() as lines:
        kept = [lines.enter_context(connect(server)) for _ in range(4)]
        kept[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept[-1].recv(4096).startswith(b"HTTP/1.1 200 ")
    monkeypatch.setattr("kiosk.backend.lines.is_here", lambda _address: False)
    with contextlib.ExitStack() as lines:
        kept = [lines.enter_context(connect(server)) for _ in range(3)]
        assert kept[-1].recv(100) == b""
        kept[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept[0].recv(4096).startswith(b"HTTP/1.1 200 ")


def test_what_the_command_writes_is_the_owners_alone(tmp_path):
    command = [sys.executable, "-m", "kiosk.cli", "backend", "--db", f"sqlite:///{tmp_path}/deep/b.db",
               "--blobs", str(tmp_path / "blobs"), "--issue-code", "330102", "East Gate"]  # fmt: skip
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    made = list(tmp_path.rglob("*"))
    assert any(path.name == "b.db" for path in made)
    assert {path.name: path.stat().st_mode & 0o077 for path in made} == {path.name: 0 for path in made}


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


def test_a_database_of_an_earlier_day_gets_the_indexes_that_came_since(settings):
    from kiosk.backend.store.engine import Store

    def names(connection):
        return {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")}

    def drop(connection):
        for name in ("cases_by_terminal", "registered_numbers_by_case"):
            connection.exec_driver_sql(f"DROP INDEX {name}")

    store = Store.open(settings.db_url)
    whole = store.read(names)
    store.write(drop)
    assert store.read(names) < whole
    store.close()
    store = Store.open(settings.db_url)
    assert store.read(names) == whole
    store.close()
