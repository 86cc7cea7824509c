"""Whose certificate is believed: the pinned roots' alone; and a date that does not hold is the clock's fault."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.sync import SyncClient, TerminalKey
from kiosk.sync.clock import Trust
from kiosk.sync.transport import HttpTransport, TransportFailure
from tests.faults.test_sync_answers import NOON, Queue

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


class Authority:
    """A root, and certificates for ``localhost`` by it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        # valid from long ago until far away: what is tested is the date of the server's own
        root = self._sign(self._name, self._key, NOW - 4000 * DAY, NOW + 4000 * DAY, authority=True)
        self.roots = folder / f"{name}.pem"
        self.roots.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def server(self, begin: datetime, end: datetime) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        certificate = self._sign(subject, key, begin, end, authority=False)
        file = self._folder / f"server-{random.getrandbits(40)}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(self, subject: x509.Name, key, begin: datetime, end: datetime, *, authority: bool) -> x509.Certificate:
        usage = x509.KeyUsage(True, False, False, False, False, authority, authority, False, False)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(self._name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .add_extension(usage, critical=True)
        )  # fmt: skip
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def serve() -> Iterator[Callable[[ssl.SSLContext], str]]:
    """A TLS server on this machine that answers every request with ``ok``; its address."""
    listeners: list[tuple[socket.socket, threading.Thread]] = []

    def start(context: ssl.SSLContext) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            while True:
                try:
                    raw, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), raw:
                    raw.settimeout(5)
                    with context.wrap_socket(raw, server_side=True) as secure:
                        secure.recv(65536)
                        secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = threading.Thread(target=run)
        thread.start()
        listeners.append((listener, thread))
        return f"https://localhost:{listener.getsockname()[1]}"

    yield start
    for listener, thread in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def asked(url: str, roots: Path | None) -> str:
    """``ok``, or the cause of the failure."""
    transport = HttpTransport(url, roots=roots)
    try:
        return transport.send("GET", "/", {}, b"", 5).body.decode()
    except TransportFailure as failure:
        return failure.cause
    finally:
        transport.close()


def test_the_pinned_root_is_believed_and_no_other(authority, serve, tmp_path):
    url = serve(authority.server(NOW - DAY, NOW + DAY))
    assert asked(url, authority.roots) == "ok"
    assert asked(url, Authority(tmp_path, "foreign").roots) == "tls"
    assert asked(url, None) == "tls"  # nor does the system know it


def test_what_the_system_trusts_counts_for_nothing_beside_a_pinned_root(authority, serve, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    url = serve(authority.server(NOW - DAY, NOW + DAY))
    assert asked(url, None) == "ok"
    assert asked(url, Authority(tmp_path, "foreign").roots) == "tls"


def test_another_name_is_not_believed(authority, serve):
    url = serve(authority.server(NOW - DAY, NOW + DAY))
    assert asked(url.replace("localhost", "127.0.0.1"), authority.roots) == "tls"


@pytest.mark.parametrize(("begin", "end"), [(-10 * DAY, -DAY), (DAY, 10 * DAY)], ids=["run out", "not yet"])
def test_a_date_that_does_not_hold_is_told_apart(authority, serve, begin, end):
    assert asked(serve(authority.server(NOW + begin, NOW + end)), authority.roots) == "tls-date"


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff" * 100])
def test_a_file_of_roots_that_is_none_is_named(authority, serve, tmp_path, content):
    url = serve(authority.server(NOW - DAY, NOW + DAY))
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_bytes(content)
    assert asked(url, file) == "roots"


def test_a_date_that_does_not_hold_is_reported_as_the_clocks_fault(authority, serve):
    """Where nobody has confirmed the clock; where the backend just has, the certificate is to blame."""
    url = serve(authority.server(NOW - 10 * DAY, NOW - DAY))
    queue, clock = Queue(1), NOON
    client = SyncClient(queue, HttpTransport(url, roots=authority.roots), TerminalKey(bytes(range(32))),
                        clock=lambda: clock, rng=random.Random(3))  # fmt: skip
    report = client.cycle()
    assert (report.online, report.cause) == (False, "clock")
    assert "set the clock" in report.advice
    assert ("clock.wrong", {"seconds": 0}) in queue.events
    assert queue.state == {"item-0": "queued"}
    client.time.heard(timedelta())
    assert client.time.trust is Trust.CONFIRMED
    report = client.cycle(urgent=True)
    assert (report.cause, report.clock) == ("certificate-date", Trust.CONFIRMED)
    assert queue.events[-1] == ("clock.right", {})
    client.close()
