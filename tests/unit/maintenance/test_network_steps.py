"""The way to the backend, step by step, against real servers of this machine: each fault is found where it is."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.health import routes
from kiosk.health.steps import STEPS, TOTAL, Found, Line, Walk
from kiosk.sync.clock import Trust
from kiosk.sync.identity import TerminalKey
from tests.faults.test_sync_tls import Authority

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
HEALTHY = b'{"status":"ok"}'
Answer = Callable[[str, dict[str, str]], bytes]


def http(status: str, body: bytes, **headers: str) -> bytes:
    named = (f"{name.replace('_', '-')}: {value}" for name, value in headers.items())
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *named]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def healthy(target: str, headers: dict[str, str]) -> bytes:
    return http("200 OK", HEALTHY, Date=f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}")


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """A server on 127.0.0.1; its port. Without an answer it takes connections and says nothing."""
    listeners: list[tuple[socket.socket, threading.Thread]] = []

    def talk(raw: socket.socket, answer: Answer) -> None:
        while True:
            asked = b""
            while b"\r\n\r\n" not in asked:
                if not (part := raw.recv(65536)):
                    return
                asked += part
            first, *rest = asked.split(b"\r\n\r\n")[0].decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
            raw.sendall(answer(first.split(" ")[1], headers))

    def start(answer: Answer | bytes | None, context: ssl.SSLContext | None = None) -> int:
        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            while True:
                try:
                    raw, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), raw:
                    raw.settimeout(5)
                    if context is not None:
                        with context.wrap_socket(raw, server_side=True) as secure:
                            if callable(answer):
                                talk(secure, answer)
                    elif isinstance(answer, bytes):
                        raw.sendall(answer)
                    elif answer is not None:
                        talk(raw, answer)

        thread = threading.Thread(target=run)
        thread.start()
        listeners.append((listener, thread))
        return int(listener.getsockname()[1])

    yield start
    for listener, thread in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


class Names:
    """A resolver that was told what to say; ``None``: it knows nothing."""

    def __init__(self, address: str | None, port: int = 0, error: Callable[[], OSError] = socket.gaierror) -> None:
        self.address, self.port, self.error = address, port, error

    def __call__(self, host: str, port: int) -> Names:
        self.port = port
        return self

    def addresses(self, seconds: float) -> list[tuple[Any, ...]]:
        if self.address is None:
            raise self.error()
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (self.address, self.port))]


def walk(line: Line, **options: Any) -> dict[str, Found]:
    return {found.step: found for found in Walk(line, **options).steps()}


def last(line: Line, **options: Any) -> Found:
    """The one that stopped the walk; nothing behind it was looked at."""
    found = list(Walk(line, **options).steps())
    assert found[-1].verdict == "failed"
    assert [each.step for each in found] == list(STEPS[: len(found)])
    return found[-1]


def machine(folder: Path, *, carrier: str | None = "1", v4: str = "", v6: str = "") -> Path:
    """A /proc and /sys with one cable."""
    (folder / "proc/net").mkdir(parents=True)
    heading = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    (folder / "proc/net/route").write_text(heading + v4)
    (folder / "proc/net/ipv6_route").write_text(v6)
    (folder / "sys/class/net/lo").mkdir(parents=True)
    if carrier is not None:
        (folder / "sys/class/net/eth0").mkdir()
        (folder / "sys/class/net/eth0/carrier").write_text(carrier)
    return folder


FAR_V4 = ip_address("198.51.100.7")
DEFAULT_V4 = "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n"
NEAR_V4 = "eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n"
DEFAULT_V6 = f"{'0' * 32} 00 {'0' * 32} 00 fd{'0' * 29}1 00000400 00000003 00000000 00000003 eth0\n"
REJECT_V6 = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo\n"


# -- name and route


def test_a_name_that_is_not_known(tmp_path: Path) -> None:
    line = Line("https://backend.example", root=machine(tmp_path, v4=DEFAULT_V4))
    found = last(line, resolver=Names(None))
    assert (found.step, found.code, found.values) == ("name", "unknown", ("backend.example",))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError, "no-answer"),
        (partial(socket.gaierror, socket.EAI_AGAIN, "Temporary failure in name resolution"), "no-answer"),
        (partial(socket.gaierror, socket.EAI_NONAME, "Name or service not known"), "unknown"),
    ],
)
def test_a_name_server_that_does_not_answer_is_told_from_one_that_does_not_know(
    tmp_path: Path, error: Any, code: str
) -> None:
    line = Line("https://backend.example", root=machine(tmp_path, v4=DEFAULT_V4))
    assert last(line, resolver=Names(None, error=error)).code == code


@pytest.mark.parametrize(
    ("carrier", "v4", "code"),
    [("0", DEFAULT_V4, "by-no-cable"), (None, "", "by-no-interface"), ("1", NEAR_V4, "by-no-route")],
)
def test_a_name_that_nobody_can_be_asked_for_names_what_is_in_the_way(
    tmp_path: Path, carrier: str | None, v4: str, code: str
) -> None:
    line = Line("https://backend.example", root=machine(tmp_path, carrier=carrier, v4=v4))
    found = last(line, resolver=Names(None))
    assert (found.step, found.code) == ("name", code)


@pytest.mark.parametrize(
    ("carrier", "v4", "v6", "code"),
    [
        ("1", DEFAULT_V4, "", "ok"),
        ("1", "", DEFAULT_V6, "no-route"),
        ("0", DEFAULT_V4, "", "no-cable"),
        ("0", "", "", "no-cable"),
        ("1", NEAR_V4, REJECT_V6, "no-route"),
        (None, "", "", "no-interface"),
        ("1", "eth0 00000000 010200C0 zzzz 0 0 0 00000000\nshort\n", "", "no-route"),
    ],
)
def test_the_way_out(tmp_path: Path, carrier: str | None, v4: str, v6: str, code: str) -> None:
    assert routes.look(FAR_V4, machine(tmp_path, carrier=carrier, v4=v4, v6=v6)).code == code


def test_the_way_out_by_ipv6_and_without_any_proc(tmp_path: Path) -> None:
    assert routes.look(ip_address("2001:db8::7"), machine(tmp_path / "a", v6=DEFAULT_V6)).ok
    assert routes.look(None, machine(tmp_path / "b", v6=DEFAULT_V6)).ok
    assert routes.look(None, tmp_path / "nothing").code == "no-interface"


@pytest.mark.parametrize(
    ("target", "v4", "v6", "way"),
    [
        ("192.0.2.7", NEAR_V4, "", routes.Way("ok", "eth0")),  # a network of one's own without any default route
        ("10.9.8.7", "wlan0 0009090A 010200C0 0003 0 0 0 00FFFFFF 0 0 0\n" + NEAR_V4, "",
         routes.Way("no-route", "eth0")),
        ("10.9.8.7", "wlan0 0000000A 010200C0 0003 0 0 0 000000FF 0 0 0\n" + DEFAULT_V4, "",
         routes.Way("no-cable", "wlan0")),
        ("fe80::7", "", DEFAULT_V6.replace("0" * 32 + " 00", "fe80" + "0" * 28 + " 40", 1), routes.Way("ok", "eth0")),
    ],
)  # fmt: skip
def test_the_way_to_an_address_is_the_narrowest_that_leads_there(
    tmp_path: Path, target: str, v4: str, v6: str, way: routes.Way
) -> None:
    assert routes.look(ip_address(target), machine(tmp_path, v4=v4, v6=v6)) == way


def test_no_route_stops_the_rest(tmp_path: Path) -> None:
    line = Line("https://backend.example", root=machine(tmp_path, v4=NEAR_V4))
    found = last(line, resolver=Names("198.51.100.7"))
    assert (found.step, found.code, found.values) == ("route", "no-route", ("eth0",))


# -- connection and TLS


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = last(Line(f"http://127.0.0.1:{port}"))
    assert (found.step, found.code, found.values) == ("connect", "refused", ("127.0.0.1", port))


def local(port: int, roots: Path | None = None, **changes: Any) -> Line:
    return Line(f"https://localhost:{port}", roots, **changes)


HERE = {"resolver": Names("127.0.0.1")}


def test_a_certificate_of_the_pinned_root(serve, authority) -> None:
    port = serve(healthy, authority.server(NOW - DAY, NOW + 300 * DAY))
    found = walk(local(port, authority.roots), **HERE)
    assert (found["tls"].verdict, found["tls"].code, found["tls"].values[0]) == ("passed", "pinned", 299)
    assert found["backend"].code == "not-enrolled"
    assert found["clock"].code == "right"


def test_a_certificate_that_ends_soon_is_told_and_stops_nothing(serve, authority) -> None:
    port = serve(healthy, authority.server(NOW - DAY, NOW + 12 * DAY + DAY / 2))
    found = walk(local(port, authority.roots), **HERE)
    assert (found["tls"].verdict, found["tls"].code, found["tls"].values[0]) == ("attention", "ends-soon", 12)
    assert "clock" in found


@pytest.mark.parametrize(("begins", "ends", "code"), [(-400, -10, "date-expired"), (10, 400, "date-early")])
def test_a_date_that_does_not_hold_is_told_with_both_times(serve, authority, begins: int, ends: int, code: str) -> None:
    port = serve(None, authority.server(NOW + begins * DAY, NOW + ends * DAY))
    found = last(local(port, authority.roots), **HERE)
    assert (found.step, found.code) == ("tls", code)
    assert found.values[1:] == (f"{NOW + begins * DAY:%Y-%m-%d}", f"{NOW + ends * DAY:%Y-%m-%d}")


def test_a_certificate_of_nobody_who_is_believed(serve, authority, tmp_path: Path) -> None:
    port = serve(None, authority.server(NOW - DAY, NOW + 300 * DAY))
    assert last(local(port), **HERE).code == "chain"
    assert last(local(port, Authority(tmp_path, "others").roots), **HERE).code == "chain-pinned"


def test_a_certificate_of_another_host(serve, authority) -> None:
    port = serve(None, authority.server(NOW - DAY, NOW + 300 * DAY))
    found = last(Line(f"https://backend.example:{port}", authority.roots), **HERE)
    assert (found.code, found.values) == ("other-host", ("backend.example",))
    assert last(Line(f"https://127.0.0.1:{port}", authority.roots)).code == "other-host"


def test_who_does_not_speak_tls(serve, authority) -> None:
    port = serve(b"220 mail.example\r\n")
    assert last(local(port, authority.roots), **HERE).code == "no-tls"


def test_roots_that_cannot_be_used(serve, authority, tmp_path: Path) -> None:
    port = serve(None, authority.server(NOW - DAY, NOW + 300 * DAY))
    assert last(local(port, tmp_path / "nowhere.pem"), **HERE).code == "roots"


# -- backend and clock


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", b"<html>log in</html>"),
        http("302 Found", b"", Location="http://portal.example/"),
        http("200 OK", b""),
    ],
)
def test_a_captive_portal(serve, answer: bytes) -> None:
    found = last(Line(f"http://127.0.0.1:{serve(lambda target, headers: answer)}"))
    assert (found.step, found.code) == ("backend", "captive-portal")


def test_a_backend_that_is_unwell(serve) -> None:
    port = serve(lambda target, headers: http("503 Service Unavailable", b"{}"))
    found = last(Line(f"http://127.0.0.1:{port}"))
    assert (found.code, found.values) == ("unwell", (503,))


def test_a_backend_that_hangs_up(serve) -> None:
    found = last(Line(f"http://127.0.0.1:{serve(None)}"))
    assert found.step == "backend"
    assert found.code in ("reset", "not-http", "half-reply")


class Backend:
    """As far as one signed exchange goes."""

    def __init__(self, tmp_path: Path, ahead: float = 0.0) -> None:
        self.private, public = wire.new_signing_pair()
        self.key = TerminalKey.load_or_create(tmp_path)
        self.ahead = timedelta(seconds=ahead)
        text = wire.b64(public)
        self.enrolment = wire.Enrolment("t-1", "140213", text, "s", text, wire.key_id(public), NOW.isoformat())

    def answer(self, target: str, headers: dict[str, str]) -> bytes:
        if target == "/healthz":
            return healthy(target, headers)
        asked = wire.Asked(headers["kiosk-terminal"], "GET", target, headers["kiosk-nonce"])
        body = msgspec.json.encode(wire.ResultsReply("", []))
        at = (datetime.now(UTC) + self.ahead).isoformat()
        signed = wire.sign(self.private, wire.reply_bytes(asked, 200, at, body))
        return http("200 OK", body, Kiosk_Time=at, Kiosk_Reply_Signature=signed)

    def line(self, port: int, **changes: Any) -> Line:
        return Line(f"http://127.0.0.1:{port}", None, self.enrolment, self.key, **changes)


def test_all_is_well(serve, tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    found = walk(backend.line(serve(backend.answer)))
    assert [each.verdict for each in found.values()] == ["passed"] * len(STEPS)
    assert (found["backend"].code, found["clock"].code) == ("signed", "right-signed")
    assert all(each.seconds >= 0 for each in found.values())


def test_an_answer_that_another_has_signed(serve, tmp_path: Path) -> None:
    backend, other = Backend(tmp_path), Backend(tmp_path)
    found = last(backend.line(serve(other.answer)))
    assert (found.step, found.code) == ("backend", "bad-signature")


@pytest.mark.parametrize(("ahead", "code"), [(7200, "behind"), (-7200, "ahead")])
def test_a_clock_that_is_wrong(serve, tmp_path: Path, ahead: float, code: str) -> None:
    backend = Backend(tmp_path, ahead)
    found = last(backend.line(serve(backend.answer)))
    assert (found.step, found.code) == ("clock", code)
    assert abs(int(found.values[0]) - 7200) < 60


def test_a_clock_that_has_jumped_and_is_not_believed_yet(serve, tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    found = last(backend.line(serve(backend.answer), trust=lambda: Trust.WRONG))
    assert (found.step, found.code) == ("clock", "jumped")


def test_no_step_waits_beyond_the_end_of_the_whole() -> None:
    now = [0.0]

    class Slow(Names):
        def addresses(self, seconds: float) -> list[tuple[Any, ...]]:
            waited.append(seconds)
            raise TimeoutError

    waited: list[float] = []
    made = Walk(Line("https://backend.example"), clock=lambda: now[0], resolver=Slow(None))
    now[0] = TOTAL - 1.5
    (found,) = made.steps()
    assert (found.step, found.verdict) == ("name", "failed")
    assert waited == [1.5]
