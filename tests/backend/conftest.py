"""A real backend on port 0, a terminal that signs by hand, and a wire that loses, cuts and replaces answers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import secrets
import shutil
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.backend import Backend, Settings, create_app
from kiosk.backend.serve import QuietServer, bind, configure
from kiosk.backend.store.engine import Store
from kiosk.backend.store.postgres_room import PostgresRoom, programs
from kiosk.domain import codes
from kiosk.journal.sealing import item_info, seal

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
NAME = "王小明秘密"
AREA = "330102"


class Clock:
    """A clock that stands until it is moved; both ends may read it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **spans: float) -> None:
        self.now += timedelta(**spans)


class Served:
    """An application on a port of this machine, in a thread."""

    def __init__(self, app: Any) -> None:
        self._listener = bind("127.0.0.1:0")
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        started = threading.Event()
        self._server: QuietServer | None = None

        def run() -> None:
            self._server = QuietServer(configure(app), started.set)
            asyncio.run(self._server.serve(sockets=[self._listener]))

        self._thread = threading.Thread(target=run)
        self._thread.start()
        assert started.wait(10)

    def stop(self) -> None:
        assert self._server is not None
        self._server.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._listener.close()


class Server(Served):
    """The backend as it is served."""

    def __init__(self, settings: Settings) -> None:
        app = create_app(settings)
        self.backend: Backend = app.state.backend
        super().__init__(app)

    def stop(self) -> None:
        super().stop()
        self.backend.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


def ask(port: int, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, target, body or None, headers or {})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


@dataclass
class Terminal:
    """A terminal without a client: signs and sends what a test says, right or wrong."""

    port: int
    clock: Callable[[], datetime]
    private: bytes = field(default_factory=lambda: wire.new_signing_pair()[0])
    enrolment: wire.Enrolment | None = None
    serials: Iterator[int] = field(default_factory=lambda: iter(()))

    @property
    def id(self) -> str:
        return "new" if self.enrolment is None else self.enrolment.terminal_id

    def headers(self, method: str, target: str, body: bytes = b"", **change: Any) -> dict[str, str]:
        values = {"terminal_id": self.id, "timestamp": int(self.clock().timestamp()), "nonce": secrets.token_hex(16)}
        values.update(change)
        return {
            **wire.signed_headers(self.private, method, target, body=body, **values),
            "Content-Type": "application/json",
        }

    def send(self, method: str, target: str, message: object = b"", **change: Any) -> Answer:
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        return ask(self.port, method, target, body, self.headers(method, target, body, **change))

    def enrol(self, code: str) -> Answer:
        known, self.enrolment = self.enrolment, None
        answer = self.send("POST", "/v1/enrol", wire.EnrolRequest(code, wire.b64(wire.public_of(self.private))))
        self.enrolment = msgspec.json.decode(answer.body, type=wire.Enrolment) if answer.status == 200 else known
        return answer

    def push(self, *items: wire.SealedItem) -> list[wire.ItemResult]:
        answer = self.send("POST", "/v1/items", wire.PushRequest(list(items)))
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body, type=wire.PushReply).results

    def results(self, since: str = "") -> wire.ResultsReply:
        answer = self.send("GET", "/v1/results" + (f"?since={since}" if since else ""))
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body, type=wire.ResultsReply)

    def reserve(self, kind: str = "case", count: int = 100) -> wire.NumberBlock:
        answer = self.send("POST", "/v1/blocks", wire.BlockRequest(kind, count, secrets.token_hex(8)))
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body, type=wire.NumberBlock)

    def number(self, *, test: bool = False) -> str:
        """A case number of this terminal's own, not used before. ``test``: of a test."""
        if test:
            return codes.case_no(AREA, NOON.date(), self.reserve("tcase", 1).first)
        serial = next(self.serials, None)
        if serial is None:
            block = self.reserve()
            self.serials = chain(self.serials, range(block.first, block.last + 1))
            serial = next(self.serials)
        return codes.case_no(AREA, NOON.date(), serial)

    def seal(self, plain: bytes, item_id: str, kind: str = "case", **more: Any) -> wire.SealedItem:
        assert self.enrolment is not None
        sealed = seal(plain, wire.unb64(self.enrolment.sealing_key), item_info(self.id, item_id))
        return wire.SealedItem(item_id, kind, hashlib.sha256(sealed).hexdigest(), wire.b64(sealed), **more)

    def case(self, case_no: str = "", **change: Any) -> wire.SealedItem:
        payload = case_payload(case_no or self.number(test=bool(change.get("test"))), **change)
        meta = {"service_id": payload.service_id, "case_no": payload.case_no, "test": str(int(payload.test))}
        return self.seal(msgspec.json.encode(payload), payload.case_id, meta=meta)


def case_payload(case_no: str, **change: Any) -> wire.CasePayload:
    values: dict[str, Any] = {
        "case_id": str(uuid.uuid4()), "case_no": case_no, "service_id": "sole-trader-registration",
        "item_code": "000131002000", "pack_id": "sole-trader", "pack_version": "1.0.0", "outcome": "approved",
        "rung": "provisional", "verification": "face", "online": False, "started_at": "2026-06-01T11:55:00+00:00",
        "committed_at": "2026-06-01T20:00:00+08:00",
        "fields": [wire.PayloadField("applicant.name", NAME, "card", "A")],
    }  # fmt: skip
    return wire.CasePayload(**(values | change))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says ``STORES = (…)`` holds each of them to the same contract."""
    stores = getattr(metafunc.module, "STORES", None)
    if stores and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", stores, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresRoom]:
    """A private PostgreSQL, started for the first test that asks."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'psycopg[binary]'")
    room = PostgresRoom(folder)
    yield room
    room.stop()


@pytest.fixture(scope="session")
def made_in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the backend's tables and nothing in them."""
    path = tmp_path_factory.mktemp("made") / "backend.db"
    Store.open(f"sqlite:///{path}").close()
    assert not path.with_name("backend.db-wal").exists()  # all of it is in the file
    return path


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database: SQLite, or what the module asks for. A file is a copy of one that was made: to make
    its tables takes longer than most tests."""
    if getattr(request, "param", "sqlite") == "postgresql":
        room: PostgresRoom = request.getfixturevalue("postgres")
        return room.new_schema()
    path = tmp_path / "backend" / "backend.db"
    path.parent.mkdir()
    shutil.copyfile(request.getfixturevalue("made_in_sqlite"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> list[Path]:
    """The folders in which the backend's data lie."""
    foreign = [request.getfixturevalue("postgres").data] if database.startswith("postgresql") else []
    return [tmp_path, *foreign]


@pytest.fixture
def settings(tmp_path: Path, clock: Clock, database: str) -> Settings:
    keys = tmp_path / "backend" / "backend.db.keys.json"
    return Settings(database, str(tmp_path / "blobs"), str(keys), clock=clock)


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    running = Server(settings)
    yield running
    running.stop()


@pytest.fixture
def new_terminal(server: Server, clock: Clock) -> Callable[..., Terminal]:
    def make(area: str = AREA) -> Terminal:
        terminal = Terminal(server.port, clock)
        assert terminal.enrol(server.backend.issue_code(area, "Market Street")).status == 200
        return terminal

    return make


@pytest.fixture
def terminal(new_terminal: Callable[..., Terminal]) -> Terminal:
    return new_terminal()


class FaultyWire:
    """Stands between client and backend. ``fault(method, target, whole answer)`` gives the bytes that get through.

    The request always reaches the backend; what is done to the answer is the test's. After a shortened answer, or
    None for none at all, the connection is closed.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.fault: Callable[[str, str, bytes], bytes | None] = lambda _method, _target, answer: answer
        self.seen: list[str] = []
        self._open: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(OSError):  # closed already
            if self._open is not None:
                self._open.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open = connection
            with connection, connection.makefile("rb") as stream:
                while self._serve(connection, stream):
                    pass

    def _serve(self, connection: socket.socket, stream: Any) -> bool:
        try:
            line = stream.readline()
            if not line.strip():
                return False
            method, target, _ = line.decode("ascii").split(" ", 2)
            headers = {}
            while (text := stream.readline().decode("latin-1").strip()) != "":
                name, _, value = text.partition(":")
                headers[name.strip()] = value.strip()
            body = stream.read(int(headers.get("Content-Length", "0")))
            self.seen.append(f"{method} {target.partition('?')[0]}")
            answer = ask(self._port, method, target, body, headers)
            whole = _raw(answer)
            through = self.fault(method, target, whole)
            connection.sendall(through or b"")
            return through is whole
        except OSError:
            return False


def _raw(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in answer.headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + answer.body


@pytest.fixture
def faulty_wire(server: Server) -> Iterator[FaultyWire]:
    between = FaultyWire(server.port)
    yield between
    between.stop()
