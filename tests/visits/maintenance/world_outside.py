"""The world beyond the cabinet's network socket: a cable, a provider with a name server, and the backend's front.

For a process in network and mount namespaces of its own (root; iproute2): the provider is a network namespace more, in
which a thread lives; ``eth0`` is a real cable to it. Nothing leaves the machine. All of it can fail and be mended:
cable, name, certificate; the backend behind the front is a process of the demo's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import queue
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.real_disk import run

HOST, PORT = "backend.kiosk.test", 8443
HERE, THERE, BACKEND = "10.77.0.2", "10.77.0.1", "10.78.0.9"  # this machine, the router, the backend beyond it
CLONE_NEWNET = 0x40000000
NO_ANSWER = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Names = Literal["known", "unknown", "silent"]
Certificate = Literal["good", "expired", "other_host", "stranger"]


class Outside:
    """``folder``: certificates and what is mounted over /etc. ``backend``: host and port behind the front."""

    def __init__(self, folder: Path, backend: tuple[str, int]) -> None:
        self.folder, self._backend = folder, backend
        self.names: Names = "known"
        self._provider = _Provider()
        self._certificates = Certificates(folder)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{PORT}"

    @property
    def roots(self) -> Path:
        """The one authority that the terminal is to believe."""
        return self._certificates.roots

    def __enter__(self) -> Outside:
        for file, text in (
            ("hosts", "127.0.0.1 localhost\n"),
            ("resolv.conf", f"nameserver {THERE}\noptions timeout:2 attempts:2\n"),
        ):
            (self.folder / file).write_text(text, encoding="ascii")
            run("mount", "--bind", str(self.folder / file), f"/etc/{file}")
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "isp", "netns", str(self._provider.thread_id))
        run("mount", "-t", "sysfs", "sysfs", "/sys")  # of this network namespace
        run("ip", "addr", "add", f"{HERE}/24", "dev", "eth0")
        run("ip", "link", "set", "eth0", "up")
        for where in (f"{THERE}/24", f"{BACKEND}/32"):
            self._provider.do(lambda where=where: run("ip", "addr", "add", where, "dev", "isp"))
        self.plug()
        asked, listener = self._provider.do(_sockets)
        threading.Thread(target=self._answer, args=(asked,), name="name-server", daemon=True).start()
        self._front = Front(listener, self._backend, self._certificates.context("good"))
        return self

    def __exit__(self, *_: object) -> None:
        self._front.stop()
        self._provider.stop()

    # -- what fails, and is mended

    def unplug(self) -> None:
        """The other end of the cable is pulled out."""
        self._provider.do(lambda: run("ip", "link", "set", "isp", "down"))

    def plug(self) -> None:
        self._provider.do(lambda: run("ip", "link", "set", "isp", "up"))
        run("ip", "route", "replace", "default", "via", THERE)

    def forget_route(self) -> None:
        """The router has given an address and no way out."""
        run("ip", "route", "del", "default")

    def certificate(self, which: Certificate) -> None:
        """The front shows this one from now on; connections that stand are cut."""
        self._front.show(self._certificates.context(which))

    # -- the name server

    def _answer(self, asked: socket.socket) -> None:
        while True:
            question, who = asked.recvfrom(512)
            if self.names != "silent":
                asked.sendto(answer(question, HOST if self.names == "known" else ""), who)


def answer(question: bytes, known: str) -> bytes:
    """RFC 1035, one question: the address of ``known``, no address of another type, and no other name."""
    end = question.index(b"\0", 12) + 1
    name = ".".join(_labels(question[12:end]))
    (kind,) = struct.unpack_from(">H", question, end)
    there = name == known
    given = there and kind == 1  # A
    flags = 0x8580 if there else 0x8583  # an answer with authority; NXDOMAIN
    head = struct.pack(">HHHHHH", int.from_bytes(question[:2], "big"), flags, 1, int(given), 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(BACKEND) if given else b""
    return head + question[12 : end + 4] + record


def _labels(name: bytes) -> list[str]:
    found, at = list[str](), 0
    while name[at]:
        found.append(name[at + 1 : at + 1 + name[at]].decode("ascii").lower())
        at += 1 + name[at]
    return found


def _sockets() -> tuple[socket.socket, socket.socket]:
    """In the provider's namespace: where names are asked for, and where the front listens."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind((THERE, 53))
    return asked, socket.create_server((BACKEND, PORT))


class _Provider:
    """A thread in a network namespace of its own; what is begun there, programs too, is there."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        begun: Future[int] = Future()
        threading.Thread(target=self._live, args=(begun,), name="provider", daemon=True).start()
        self.thread_id = begun.result(10)

    def do(self, job: Callable[[], Any]) -> Any:
        done: Future[Any] = Future()
        self._orders.put((job, done))
        return done.result(30)

    def stop(self) -> None:
        self._orders.put(None)

    def _live(self, begun: Future[int]) -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            begun.set_exception(OSError(ctypes.get_errno(), "unshare"))
            return
        begun.set_result(threading.get_native_id())
        while (order := self._orders.get()) is not None:
            job, done = order
            try:
                done.set_result(job())
            except Exception as error:
                done.set_exception(error)


class Front:
    """Ends TLS before the backend, as its operator's proxy does; 502 where the backend does not take a connection."""

    def __init__(self, listener: socket.socket, backend: tuple[str, int], context: ssl.SSLContext) -> None:
        self._backend, self._shown = backend, context
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="front", daemon=True)
        self._thread.start()
        first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        first.sni_callback = self._choose
        self._server: asyncio.Server = self._do(asyncio.start_server(self._serve, sock=listener, ssl=first))

    def _do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(20)

    def _choose(self, line: ssl.SSLObject, name: str, _: ssl.SSLContext) -> None:
        line.context = self._shown

    def show(self, context: ssl.SSLContext) -> None:
        async def cut() -> None:
            self._shown = context
            for writer in self._open:
                writer.transport.abort()

        self._do(cut())

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await asyncio.sleep(0)

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        behind: asyncio.StreamWriter | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            try:
                back, behind = await asyncio.open_connection(*self._backend)
            except OSError:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(NO_ANSWER)
                await writer.drain()
            else:
                self._open.add(behind)
                await asyncio.gather(_carry(reader, behind), _carry(back, writer))
        for each in (writer, behind):
            if each is not None:
                self._open.discard(each)
                each.transport.abort() if each is behind else each.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one end is gone; then the other goes, too."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


class Certificates:
    """A root that the terminal believes, and what may be shown to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        root, stranger = Authority("Kiosk test root"), Authority("Somebody else's root")
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))
        now = datetime.now(UTC)
        ahead, past = now + timedelta(days=200), now - timedelta(days=1)
        for which, authority, host, ends in (
            ("good", root, HOST, ahead), ("expired", root, HOST, past),
            ("other_host", root, "portal.kiosk.test", ahead), ("stranger", stranger, HOST, ahead),
        ):  # fmt: skip
            (folder / f"{which}.pem").write_bytes(authority.issue(host, now - timedelta(days=30), ends))

    def context(self, which: Certificate) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self._folder / f"{which}.pem")
        return made


class Authority:
    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        builder = _begun(self._name, self._name, self._key, now - timedelta(days=60), now + timedelta(days=3650))
        self.certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
            self._key, hashes.SHA256()
        )

    def issue(self, host: str, begins: datetime, ends: datetime) -> bytes:
        """Key and certificate, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = _begun(subject, self._name, key, begins, ends)
        made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False).sign(
            self._key, hashes.SHA256()
        )
        return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    )  # fmt: skip
