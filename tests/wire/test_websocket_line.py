"""WebSocket as a line of messages: every call ends by its deadline, and each way to fail has its name.

The peers: raw bytes where something must go wrong, and wsproto, a WebSocket that is not the client's own package.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.simulators.listener import Listener
from devices.transports.websocket import WebSocketLine
from tests.patience import BUSY

Peer = Callable[[socket.socket], None]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 clause 1.3


def soon() -> Deadline:
    return Deadline.after(5)


@contextmanager
def peer(serve: Peer) -> Iterator[Listener]:
    listener = Listener("peer", serve)
    listener.open()
    try:
        yield listener
    finally:
        listener.close()


def agree(connection: socket.socket) -> None:
    """The server's half of the handshake, by hand."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    key = next(
        line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
    )
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def frame(data: bytes, *, opcode: int = 1, fin: bool = True) -> bytes:
    """One unmasked frame, RFC 6455 clause 5.2."""
    size = len(data)
    if size < 126:
        length = bytes([size])
    else:
        length = b"\x7e" + size.to_bytes(2, "big") if size < 65536 else b"\x7f" + size.to_bytes(8, "big")
    return bytes([(0x80 if fin else 0) | opcode]) + length + data


def wait_closed(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def speaking(*pieces: bytes) -> Peer:
    """Agrees, says these bytes, and waits for the client to leave."""

    def serve(connection: socket.socket) -> None:
        agree(connection)
        for piece in pieces:
            connection.sendall(piece)
        wait_closed(connection)

    return serve


def line_to(listener: Listener, **options: float) -> WebSocketLine:
    return WebSocketLine(f"ws://127.0.0.1:{listener.number}/x", **options)  # type: ignore[arg-type]  # all are numbers


def code_of(act: Callable[[], object], within: float = 5.0) -> DeviceError:
    start = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        act()
    assert time.monotonic() - start < within + BUSY
    assert caught.value.advice
    return caught.value


# -- opening -------------------------------------------------------------------------------------------


def test_nobody_there_is_a_missing_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    assert code_of(lambda: WebSocketLine(f"ws://127.0.0.1:{number}/x").open(soon())).code == "port-missing"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "ws://", "ws://127.0.0.1:99999/", "CardReader1", "ws://h/#part"]
)
def test_what_is_no_address_is_unusable(url: str) -> None:
    error = code_of(lambda: WebSocketLine(url).open(soon()))
    assert (error.code, error.action) == ("port-unusable", Action.CONFIGURE)


def test_a_peer_that_accepts_and_says_nothing_is_no_answer() -> None:
    with peer(wait_closed) as listener:
        error = code_of(lambda: line_to(listener).open(Deadline.after(0.2)), within=0.2)
    assert error.code == "no-answer"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: no\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00" * 9000,
    ],
    ids=["404", "a web page", "a wrong key", "another protocol", "noise"],
)
def test_who_does_not_agree_is_no_websocket(answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)
        wait_closed(connection)

    with peer(serve) as listener:
        line = line_to(listener)
        assert code_of(lambda: line.open(soon())).code == "not-websocket"
        assert not line.is_open


def test_a_connection_that_breaks_in_the_handshake_is_told() -> None:
    with peer(lambda connection: None) as listener:
        assert code_of(lambda: line_to(listener).open(soon())).code in ("connection-lost", "not-websocket")


def heard(line: WebSocketLine) -> str | None:
    """What comes may have come together with the handshake's answer, and show in the opening already."""
    line.open(soon())
    return line.receive(soon())


# -- messages ------------------------------------------------------------------------------------------


def test_messages_come_whole_however_they_are_cut() -> None:
    text = "读卡 ".encode() * 50
    in_parts = frame(text[:7], fin=False) + frame(b"", opcode=0, fin=False) + frame(text[7:], opcode=0)
    stream = frame(b"first") + frame(b"?", opcode=9) + in_parts + frame(b"x" * 70_000)
    with peer(speaking(*(stream[n : n + 1] for n in range(300)), stream[300:])) as listener:
        line = line_to(listener)
        line.open(soon())
        assert [line.receive(soon()) for _ in range(3)] == ["first", text.decode(), "x" * 70_000]
        line.close()


def test_nothing_in_time_is_none_and_the_line_stays_open() -> None:
    with peer(speaking()) as listener:
        line = line_to(listener)
        line.open(soon())
        start = time.monotonic()
        assert line.receive(Deadline.after(0.1)) is None
        assert time.monotonic() - start < 0.1 + BUSY
        assert line.is_open
        line.close()


def test_a_frame_that_stops_in_its_middle_waits_and_then_goes_on() -> None:
    rest = threading.Event()

    def serve(connection: socket.socket) -> None:
        agree(connection)
        whole = frame(b"hello")
        connection.sendall(whole[:4])
        rest.wait(5)
        connection.sendall(whole[4:])
        wait_closed(connection)

    with peer(serve) as listener:
        line = line_to(listener)
        line.open(soon())
        assert line.receive(Deadline.after(0.05)) is None
        rest.set()
        assert line.receive(soon()) == "hello"
        line.close()


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_connection_lost_at_any_byte_is_lost(cut: int) -> None:
    def serve(connection: socket.socket) -> None:
        agree(connection)
        connection.sendall(frame(b"hello")[:cut])

    with peer(serve) as listener:
        line = line_to(listener)
        assert code_of(lambda: heard(line)).code == "connection-lost"
        assert not line.is_open
        assert code_of(lambda: line.send("x", soon())).code == "connection-lost"


def test_what_was_said_before_the_end_is_heard() -> None:
    def serve(connection: socket.socket) -> None:
        agree(connection)
        connection.sendall(frame(b"last words") + frame(b"\x03\xe8", opcode=8))

    with peer(serve) as listener:
        line = line_to(listener)
        line.open(soon())
        assert line.receive(soon()) == "last words"
        assert code_of(lambda: line.receive(soon())).code == "connection-lost"


def test_a_message_that_is_too_long_is_refused_before_it_is_read() -> None:
    with peer(speaking(b"\x81\x7f" + (2**40).to_bytes(8, "big"))) as listener:
        line = line_to(listener, max_received=1000)
        assert code_of(lambda: heard(line)).code == "message-too-long"


def test_a_message_that_grows_too_long_in_parts_is_refused() -> None:
    parts = [frame(b"x" * 400, opcode=1 if n == 0 else 0, fin=False) for n in range(4)]
    with peer(speaking(*parts)) as listener:
        line = line_to(listener, max_received=1000)
        assert code_of(lambda: heard(line)).code == "message-too-long"


def test_ours_may_not_be_too_long_either_and_the_line_lives() -> None:
    with peer(speaking(frame(b"still here"))) as listener:
        line = line_to(listener, max_sent=10)
        line.open(soon())
        assert code_of(lambda: line.send("x" * 11, soon())).code == "message-too-long"
        assert line.receive(soon()) == "still here"
        line.close()


@pytest.mark.parametrize(
    ("bytes_", "code"),
    [
        (frame(b"\x01", opcode=2), "not-websocket"),
        (frame(b"x", opcode=3), "connection-lost"),
        (frame(b"x", opcode=0), "connection-lost"),
        (b"\x81\x81\x00\x00\x00\x00x", "connection-lost"),
    ],
    ids=["binary", "unknown opcode", "continues nothing", "masked by the server"],
)
def test_who_breaks_the_rules_is_left(bytes_: bytes, code: str) -> None:
    with peer(speaking(bytes_)) as listener:
        line = line_to(listener)
        assert code_of(lambda: heard(line)).code == code
        assert not line.is_open


def test_a_peer_that_does_not_read_ends_the_send_in_time() -> None:
    done = threading.Event()

    def serve(connection: socket.socket) -> None:
        agree(connection)
        done.wait(5)

    with peer(serve) as listener:
        line = line_to(listener)
        line.open(soon())
        error = code_of(lambda: line.send("x" * 16_000_000, Deadline.after(0.3)), within=0.3)
        done.set()
        assert error.code == "write-timeout"
        assert not line.is_open


def test_a_peer_that_is_gone_without_a_word_is_found_out_by_a_ping() -> None:
    with peer(speaking()) as listener:
        line = line_to(listener, heartbeat=0.1)
        line.open(soon())
        error = code_of(lambda: line.receive(soon()), within=0.2)
        assert error.code == "no-answer"


# -- TLS -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key in the same file."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "twin")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(724)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "twin.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def secured(certificate: Path, serve: Peer) -> Peer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def with_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection.dup(), server_side=True) as inner:
            serve(inner)

    return with_tls


def test_wss_carries_messages_where_the_authority_is_trusted(certificate: Path) -> None:
    with peer(secured(certificate, speaking(frame(b"hello")))) as listener:
        line = WebSocketLine(f"wss://127.0.0.1:{listener.number}/x", ca_file=str(certificate))
        line.open(soon())
        assert line.receive(soon()) == "hello"
        line.close()


def test_who_cannot_be_trusted_is_told_nothing(certificate: Path) -> None:
    with peer(secured(certificate, speaking())) as listener:
        error = code_of(lambda: WebSocketLine(f"wss://127.0.0.1:{listener.number}/x").open(soon()))
    assert (error.code, error.retryable) == ("bad-tls", False)


def test_who_speaks_no_tls_is_bad_tls() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        wait_closed(connection)

    with peer(serve) as listener:
        error = code_of(lambda: WebSocketLine(f"wss://127.0.0.1:{listener.number}/x").open(soon()))
    assert error.code == "bad-tls"


def test_a_tls_handshake_that_does_not_come_is_no_answer() -> None:
    with peer(wait_closed) as listener:
        line = WebSocketLine(f"wss://127.0.0.1:{listener.number}/x")
        assert code_of(lambda: line.open(Deadline.after(0.2)), within=0.2).code == "no-answer"


def test_a_file_of_authorities_that_is_none_is_bad_tls(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with peer(wait_closed) as listener:
        line = WebSocketLine(f"wss://127.0.0.1:{listener.number}/x", ca_file=str(tmp_path / "ca.pem"))
        assert code_of(lambda: line.open(soon())).code == "bad-tls"


# -- a WebSocket that nobody here wrote -----------------------------------------------------------------


def test_wsproto_understands_us_and_we_it() -> None:
    pytest.importorskip("wsproto", reason="needs the Python package wsproto")
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

    def serve(connection: socket.socket) -> None:
        """Sends back what it gets, in two fragments with a ping between."""
        server = WSConnection(ConnectionType.SERVER)
        text = ""
        while data := connection.recv(65536):
            server.receive_data(data)
            for event in server.events():
                if isinstance(event, Request):
                    connection.sendall(server.send(AcceptConnection()))
                elif isinstance(event, CloseConnection):
                    connection.sendall(server.send(event.response()))
                    return
                elif isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        half = len(text) // 2
                        connection.sendall(server.send(TextMessage(text[:half], message_finished=False)))
                        connection.sendall(server.send(Ping(b"still there?")))
                        connection.sendall(server.send(TextMessage(text[half:])))
                        text = ""

    with peer(serve) as listener:
        line = line_to(listener)
        line.open(soon())
        for text in ("{}", "读身份证 " * 20_000):
            line.send(text, soon())
            assert line.receive(soon()) == text
        line.close()
        line.open(soon())
        line.send("again", soon())
        assert line.receive(soon()) == "again"
        line.close()
