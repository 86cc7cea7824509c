"""Whatever a server or a line does with the bytes, an exchange ends by its deadline with a named cause."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.health import line
from kiosk.profile import ProfileError, parse
from kiosk.sync.transport import MAX_REPLY, HttpTransport, TransportFailure

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Reads one request, then does with the connection what the test says; again for every connection."""

    def __init__(self, act: Callable[[socket.socket, threading.Event], None]) -> None:
        self._act = act
        self.ending = threading.Event()
        self.reached = threading.Event()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                self._request(connection)
                self.reached.set()
                self._act(connection, self.ending)

    @staticmethod
    def _request(connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data and not data.startswith(b"\x16"):  # or a TLS greeting
            part = connection.recv(65536)
            if not part:
                return
            data += part

    def stop(self) -> None:
        self.ending.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    running: list[RawServer] = []

    def start(act: Callable[[socket.socket, threading.Event], None]) -> RawServer:
        running.append(RawServer(act))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def cause_of(transport: HttpTransport, seconds: float = 5.0) -> tuple[str, float]:
    begun = time.monotonic()
    with pytest.raises(TransportFailure) as caught:
        transport.send("GET", "/v1/results", {}, b"", seconds)
    transport.close()
    return caught.value.cause, time.monotonic() - begun


def says(*parts: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def act(connection: socket.socket, _ending: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)

    return act


def reset(connection: socket.socket, _ending: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (reset, "reset"),
        (says(), "reset"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "half-reply"),
        (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), "half-reply"),
        (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello"), "half-reply"),
        (says(b"\x00\xff\x13garbage\r\n\r\n"), "not-http"),
        (says(b"HTTP/1.1 abc OK\r\n\r\n"), "not-http"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "not-http"),
        (says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), "not-http"),
        (says(b"HTTP/1.1 200 " + b"x" * 100_000), "not-http"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x" * (MAX_REPLY + 10)), "not-http"),
    ],
)
def test_each_bad_reply_has_its_named_cause(serve, act, cause):
    found, seconds = cause_of(HttpTransport(serve(act).url))
    assert found == cause
    assert seconds < 4


def trickle(prefix: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Sends ``prefix``, then a byte every 20 ms: every byte starts an ordinary socket time-out anew."""

    def act(connection: socket.socket, ending: threading.Event) -> None:
        connection.sendall(prefix)
        while not ending.wait(0.02):
            connection.sendall(b"a")

    return act


@pytest.mark.parametrize(
    "act",
    [
        trickle(b""), trickle(b"HTTP/1.1 200 OK\r\nX: "), trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        lambda _connection, ending: ending.wait(20),
    ],
    ids=["status line", "header", "body", "silence"],
)  # fmt: skip
def test_a_slow_or_silent_server_is_left_at_the_deadline(serve, act):
    cause, seconds = cause_of(HttpTransport(serve(act).url), seconds=0.4)
    assert cause == "deadline"
    assert 0.35 < seconds < 2.0


def test_endless_interim_answers_end_at_the_deadline(serve):
    def act(connection: socket.socket, ending: threading.Event) -> None:
        while not ending.is_set():
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    assert cause_of(HttpTransport(serve(act).url), seconds=0.4)[0] == "deadline"


def test_a_server_that_does_not_read_is_left_at_the_deadline(serve):
    server = serve(lambda _connection, ending: ending.wait(20))
    transport = HttpTransport(server.url)
    with pytest.raises(TransportFailure) as caught:
        transport.send("POST", "/v1/items", {}, b"x" * 30_000_000, 0.5)
    assert caught.value.cause == "deadline"


@pytest.mark.parametrize("body", [b"", b"x" * 30_000_000], ids=["no answer", "nothing is read"])
def test_a_line_on_which_nothing_moves_is_left_long_before_a_large_bodys_deadline(serve, body):
    server = serve(lambda _connection, ending: ending.wait(20))
    begun = time.monotonic()
    with pytest.raises(TransportFailure) as caught:
        HttpTransport(server.url, stall=0.4).send("PUT", "/v1/materials/x", {}, body, 900)
    assert caught.value.cause == "stalled"
    assert time.monotonic() - begun < 10


def test_a_line_on_which_little_moves_is_not_standing_still(serve):
    answer = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    with pytest.raises(TransportFailure) as caught:
        HttpTransport(serve(answer).url, stall=0.9).send("GET", "/", {}, b"", 2.0)
    assert caught.value.cause == "deadline"


def test_nothing_listening_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert cause_of(HttpTransport(f"http://127.0.0.1:{port}"))[0] == "refused"


def test_an_unknown_name_is_named():
    assert cause_of(HttpTransport("https://backend.invalid"))[0] == "dns"


def test_plain_http_where_tls_is_expected_is_named(serve):
    server = serve(says(GOOD))
    assert cause_of(HttpTransport(server.url.replace("http:", "https:")))[0] == "tls"


def test_a_connection_is_kept_and_a_stale_one_is_told_apart(serve):
    turn = threading.Event()

    def act(connection: socket.socket, _ending: threading.Event) -> None:
        connection.sendall(GOOD)
        RawServer._request(connection)
        connection.sendall(GOOD)
        turn.wait(10)

    server = serve(act)
    transport = HttpTransport(server.url)
    for _ in range(2):
        assert transport.send("GET", "/", {}, b"", 5).body == b"ok"
    assert server.connections == 1
    turn.set()  # the server now closes the kept connection
    with pytest.raises(TransportFailure) as caught:
        transport.send("GET", "/", {}, b"", 5)
    assert caught.value.stale
    assert transport.send("GET", "/", {}, b"", 5).body == b"ok"
    transport.close()


def test_stopping_ends_an_exchange_at_once(serve):
    server = serve(lambda _connection, ending: ending.wait(20))
    transport = HttpTransport(server.url)

    def stop() -> None:
        server.reached.wait(5)
        transport.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    cause, seconds = cause_of(transport, seconds=15)
    stopper.join()
    assert cause == "stopped"
    assert seconds < 5
    assert cause_of(transport)[0] == "stopped"


# -- names: the system's resolver knows no time-out ------------------------------------------------------------


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.answer.set()


class Resolver:
    """Stands for the system's: hangs until ``answer`` is set, then knows every name as loopback."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.asked = threading.Semaphore(0)
        self.count = 0

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.count += 1
        self.asked.release()
        self.answer.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def named(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


def test_a_resolver_that_hangs_is_left_at_the_deadline_and_not_asked_twice_at_once(resolver):
    transport = HttpTransport("https://backend.example:8470")
    for _ in range(2):
        cause, seconds = cause_of(transport, seconds=0.3)
        assert cause == "deadline"
        assert seconds < 2
    assert resolver.count == 1


def test_stopping_does_not_wait_for_a_resolver_that_hangs(resolver):
    transport = HttpTransport("https://backend.example:8470")

    def stop() -> None:
        resolver.asked.acquire(timeout=5)
        transport.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    cause, seconds = cause_of(transport, seconds=20)
    stopper.join()
    assert cause == "stopped"
    assert seconds < 5


def test_a_name_is_asked_for_once_and_again_when_nobody_answers_there(serve, resolver):
    resolver.answer.set()
    server = serve(says(GOOD))
    transport = HttpTransport(named(server.url))
    for _ in range(2):
        assert transport.send("GET", "/", {}, b"", 5).body == b"ok"
        transport.close()
    assert resolver.count == 1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gone = HttpTransport(f"http://localhost:{port}")
    for _ in range(2):
        assert cause_of(gone)[0] == "refused"
    assert resolver.count == 3


def test_an_address_needs_no_resolver(serve, resolver):
    transport = HttpTransport(serve(says(GOOD)).url)
    assert transport.send("GET", "/", {}, b"", 5).body == b"ok"
    transport.close()
    assert resolver.count == 0


# -- addresses: before the enrolment whoever answers is the backend --------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["http://192.0.2.1:8470", "http://backend.example", "http://127.0.0.1.backend.example", "http://localhost.example",
     "http://user@backend.example", "http://localhost@backend.example", "http://[2001:db8::1]", "http://0.0.0.0",
     "ftp://127.0.0.1", "https://", "http://[::1", "https://host:port", ""],
)  # fmt: skip
def test_plain_http_is_for_this_machine_alone(url):
    with pytest.raises(ValueError, match="write https://"):
        HttpTransport(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8470", "https://192.0.2.1"])
def test_https_goes_anywhere_and_http_within_the_machine(url):
    HttpTransport(url)


def test_profile_and_doctor_say_it_with_the_cure(tmp_path):
    example = Path(__file__).parents[2] / "deploy/profiles/example.toml"
    table = tomllib.loads(example.read_text(encoding="utf-8"))
    table["backend"]["url"] = "http://kiosk-backend.example"
    with pytest.raises(ProfileError, match=r"backend\.url: plain http:// .* write https://"):
        parse(table, tmp_path)
    (check,) = line.examine("http://kiosk-backend.example", tmp_path, None)
    assert check.state == "broken"
    assert "write https://" in check.finding


# -- a request on its way ------------------------------------------------------------------------------------------


def test_a_request_is_on_its_way_before_anybody_waits_for_its_reply(serve):
    server = serve(says(GOOD))
    transport = HttpTransport(server.url)
    reply = transport.begin("GET", "/", {}, b"", 5)
    assert server.reached.wait(5)
    assert reply().body == b"ok"
    transport.close()


def test_a_reply_that_nobody_wanted_any_more_is_not_taken_for_the_next_one(serve):
    first = iter((b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold", GOOD))
    server = serve(lambda connection, _ending: connection.sendall(next(first)))
    transport = HttpTransport(server.url)
    transport.begin("GET", "/", {}, b"", 5)
    assert server.reached.wait(5)
    assert transport.send("GET", "/", {}, b"", 5).body == b"ok"
    assert server.connections == 2
    transport.close()
