"""The way to the backend, step by step: name, route, connection, TLS, backend, clock. A step that fails stops the rest.

For whoever stands at the cabinet: what was found, as a code with values, and how long it took. The whole of it is over
within TOTAL seconds, whatever hangs. Sends nothing of the queue.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, Protocol

from kiosk import address, wire
from kiosk.domain.beijing import CHINA
from kiosk.health import routes
from kiosk.health.line import CLOCK_OFF
from kiosk.sync.clock import Trust
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Policy, SyncFailure
from kiosk.sync.resolving import Addresses, Name
from kiosk.sync.transport import HttpTransport, TransportFailure

StepName = Literal["name", "route", "connect", "tls", "backend", "clock"]
STEPS: tuple[StepName, ...] = ("name", "route", "connect", "tls", "backend", "clock")
Verdict = Literal["passed", "attention", "failed"]
TOTAL = 40.0  # s for all steps together
NAME_SECONDS, CONNECT_SECONDS, TLS_SECONDS, BACKEND_SECONDS = 6.0, 6.0, 6.0, 10.0
SOON = timedelta(days=30)  # a certificate that ends within that is told
_EXPIRED, _EARLY, _HOST = 10, 9, (62, 64)
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED, …_NOT_YET_VALID, …_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH."""


@dataclass(frozen=True, slots=True)
class Found:
    """One step. ``code`` names what was found among the findings of its step; ``values`` fill its words."""

    step: StepName
    verdict: Verdict
    code: str
    values: tuple[str | int, ...] = ()
    seconds: float = 0.0


_Said = tuple[Verdict, str, tuple[str | int, ...]]


class Resolver(Protocol):
    """kiosk.sync.resolving.Name, as far as it is used here."""

    def addresses(self, seconds: float) -> Addresses: ...


@dataclass(frozen=True, slots=True)
class Line:
    """What is looked at. ``roots``: a PEM file, no other authority is believed. ``key`` and ``enrolment``: who this
    terminal is for the backend; without an enrolment the exchange is not signed. ``trust``: of this machine's clock.
    """

    url: str
    roots: Path | None = None
    enrolment: wire.Enrolment | None = None
    key: TerminalKey | None = None
    trust: Callable[[], Trust] = lambda: Trust.PLAUSIBLE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    root: Path = Path("/")  # where /proc and /sys are


class Walk:
    """One walk over all steps, in one thread. ``clock``: monotonic; ``resolver`` makes what knows the addresses."""

    def __init__(
        self,
        line: Line,
        *,
        clock: Callable[[], float] = time.monotonic,
        resolver: Callable[[str, int], Resolver] = Name,
    ) -> None:
        self._line, self._clock = line, clock
        self._address = address.parse(line.url)
        self._name = resolver(self._address.host, self._address.port)
        self._addresses: Addresses = []
        self._offset: timedelta | None = None
        self._signed = False
        self._until = clock() + TOTAL

    def steps(self) -> Iterator[Found]:
        """Each step as it ends; the one that failed is the last."""
        looks = {"name": self._look_up, "route": self._route, "connect": self._connect, "tls": self._tls,
                 "backend": self._backend, "clock": self._time}  # fmt: skip
        for step in STEPS:
            began = self._clock()
            verdict, code, values = looks[step]()
            yield Found(step, verdict, code, values, self._clock() - began)
            if verdict == "failed":
                return

    def _left(self, seconds: float) -> float:
        return max(0.1, min(seconds, self._until - self._clock()))

    # -- the steps: verdict, code, values

    def _look_up(self) -> _Said:
        host = self._address.host
        try:
            self._addresses = self._name.addresses(self._left(NAME_SECONDS))
        except TimeoutError:
            return self._no_name("no-answer", host)
        except OSError as error:  # EAI_AGAIN: the resolver itself has given up waiting, or was turned away
            return self._no_name("no-answer" if error.errno == socket.EAI_AGAIN else "unknown", host)
        found = str(self._addresses[0][4][0]) if self._addresses else ""
        if not found:
            return self._no_name("unknown", host)
        return _good("address", host) if found == host else _good("known", host, found)

    def _no_name(self, code: str, host: str) -> _Said:
        """Without a way out no name server can be asked: that is then the cause, and mended first."""
        way = routes.look(None, self._line.root)
        return _bad(code, host) if way.ok else _bad(f"by-{way.code}", host, way.interface)

    def _route(self) -> _Said:
        target = ipaddress.ip_address(str(self._addresses[0][4][0]).partition("%")[0])
        if target.is_loopback:
            return _good("local")
        way = routes.look(target, self._line.root)
        return _good(way.code, way.interface) if way.ok else _bad(way.code, way.interface)

    def _connect(self) -> _Said:
        host, port = self._address.host, self._address.port
        try:
            self._open().close()
        except TimeoutError:
            return _bad("deadline", host, port)
        except ConnectionRefusedError:
            return _bad("refused", host, port)
        except OSError:
            return _bad("unreachable", host, port)
        return _good("open", host, port)

    def _open(self) -> socket.socket:
        """A connection to the first address that takes one. Raises OSError."""
        until, last = self._clock() + self._left(CONNECT_SECONDS), OSError("no address")
        for family, kind, protocol, _, where in self._addresses:
            raw = socket.socket(family, kind, protocol)
            try:
                raw.settimeout(max(0.1, until - self._clock()))
                raw.connect(where)
                return raw
            except OSError as error:
                raw.close()
                last = error
        raise last

    def _tls(self) -> _Said:
        if not self._address.tls:
            return _good("plain")
        pinned = self._line.roots is not None
        try:
            context = ssl.create_default_context(cafile=self._line.roots)
        except OSError:
            return _bad("roots", str(self._line.roots))
        try:
            _, ends = self._dates(context)
        except ssl.SSLCertVerificationError as error:
            return self._not_believed(error.verify_code, pinned=pinned)
        except TimeoutError:
            return _bad("deadline")
        except (OSError, ValueError):  # ssl.SSLError among them
            return _bad("no-tls")
        left = ends - self._line.now()
        if left < SOON:
            return _note("ends-soon", left.days, f"{ends:%Y-%m-%d}")
        return _good("pinned" if pinned else "system", left.days, f"{ends:%Y-%m-%d}")

    def _dates(self, context: ssl.SSLContext) -> tuple[datetime, datetime]:
        """From when until when the certificate of the other end holds. Raises OSError, ValueError."""
        from cryptography import x509

        with self._open() as raw:
            raw.settimeout(self._left(TLS_SECONDS))
            with context.wrap_socket(raw, server_hostname=self._address.host) as secure:
                found = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
        return found.not_valid_before_utc, found.not_valid_after_utc

    def _not_believed(self, code: int, *, pinned: bool) -> _Said:
        if code in (_EXPIRED, _EARLY):
            here = f"{self._line.now().astimezone(CHINA):%Y-%m-%d %H:%M}"
            return _bad("date-expired" if code == _EXPIRED else "date-early", here, *self._unbelieved_dates())
        if code in _HOST:
            return _bad("other-host", self._address.host)
        return _bad("chain-pinned" if pinned else "chain")

    def _unbelieved_dates(self) -> tuple[str, str]:
        """Of a certificate that is not believed, for words alone: nothing is sent over this connection."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            begins, ends = self._dates(context)
        except (OSError, ValueError):
            return "?", "?"
        return f"{begins:%Y-%m-%d}", f"{ends:%Y-%m-%d}"

    def _backend(self) -> _Said:
        transport = HttpTransport(self._line.url, roots=self._line.roots)
        try:
            seconds = self._left(BACKEND_SECONDS)
            reply = transport.send("GET", "/healthz", {"Accept": "application/json"}, b"", seconds)
            if 300 <= reply.status < 400 or (reply.status == 200 and b'"status"' not in reply.body[:4096]):
                return _bad("captive-portal", reply.status)
            if reply.status != 200:
                return _bad("unwell", reply.status)
            if date := reply.headers.get("date"):
                self._offset = _ahead(date, self._line.now())
            if self._line.enrolment is None or self._line.key is None:
                return _note("not-enrolled")
            return self._signed_exchange(transport, self._line.enrolment, self._line.key)
        except TransportFailure as failure:
            return _bad(failure.cause)
        finally:
            transport.close()

    def _signed_exchange(self, transport: HttpTransport, enrolment: wire.Enrolment, key: TerminalKey) -> _Said:
        exchange = Exchange(transport, key, self._line.now, Policy(attempt=self._left(BACKEND_SECONDS)))
        try:
            exchange.call(enrolment, "GET", "/v1/results", b"", wire.ResultsReply)
        except SyncFailure as failure:
            return _bad(failure.cause)
        self._offset, self._signed = exchange.offset, True
        return _good("signed")

    def _time(self) -> _Said:
        if self._offset is None:
            return _note("not-told")
        seconds = round(self._offset.total_seconds())
        if abs(self._offset) > CLOCK_OFF:
            return _bad("behind" if seconds > 0 else "ahead", abs(seconds))
        if self._line.trust() is Trust.WRONG:
            return _bad("jumped", abs(seconds))
        return _good("right-signed" if self._signed else "right", max(1, abs(seconds)))


def _good(code: str, *values: str | int) -> _Said:
    return "passed", code, values


def _note(code: str, *values: str | int) -> _Said:
    return "attention", code, values


def _bad(code: str, *values: str | int) -> _Said:
    return "failed", code, values


def _ahead(date: str, now: datetime) -> timedelta | None:
    try:
        return parsedate_to_datetime(date) - now
    except (ValueError, TypeError):
        return None
