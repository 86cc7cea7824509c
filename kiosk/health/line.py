"""The line to the backend: is it there, is it ours, and whose clock is right? Sends nothing of the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from kiosk import wire
from kiosk.domain.beijing import CHINA
from kiosk.health.readiness import Check, attention, broken, good, without_login
from kiosk.keystore.store import forms
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import FILE as KEY_FILE
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Policy, SyncFailure
from kiosk.sync.transport import HttpTransport, Reply, TransportFailure

SECONDS = 8.0
CLOCK_OFF = timedelta(seconds=60)  # papers bear the minute
KEEPS = "See that network and backend run. Citizens can go on meanwhile; cases wait here until the line is back."
DATE = "tls-date"
CAUSES = {
    "refused": "nothing listens there",
    "dns": "its name is not known here",
    "deadline": f"no answer within {SECONDS:.0f} s",
    "tls": "its certificate does not hold",
    "roots": "the file of backend.roots cannot be used",
    "stalled": "the line is up and nothing moves on it",
    "unreachable": "there is no way to it",
}


def examine(url: str, data: Path, enrolment: wire.Enrolment | None, roots: Path | None = None) -> list[Check]:
    """A signed exchange where the terminal is enrolled, else whether anybody answers; then, if so, the clock."""
    try:
        transport = HttpTransport(url, roots=roots)
    except ValueError as error:
        return [broken("backend", str(error), "Correct backend.url in the profile.")]
    url = without_login(url)
    try:
        if enrolment is not None and forms(data / KEY_FILE):
            return _signed(url, transport, data, enrolment)
        return _unsigned(url, transport)
    finally:
        transport.close()


def _signed(url: str, transport: HttpTransport, data: Path, enrolment: wire.Enrolment) -> list[Check]:
    try:
        key = TerminalKey.load_or_create(data)  # it is there: only read
        exchange = Exchange(transport, key, lambda: datetime.now(UTC), Policy(attempt=SECONDS))
        exchange.call(enrolment, "GET", "/v1/results", b"", wire.ResultsReply)
    except SyncFailure as failure:
        if failure.cause == DATE:
            return [out_of_date(url)]
        words = CAUSES.get(failure.cause, failure.cause)
        advice = KEEPS if failure.cause in CAUSES else failure.advice or KEEPS
        return [broken("backend", f"{url}: {words}", advice)]
    except OSError as error:
        return [
            broken("backend", f"the terminal's key cannot be read: {error.strerror}", "Run as the terminal's user.")
        ]
    return [good("backend", f"{url} answered and signed its answer"), clock(exchange.offset, signed=True)]


def _unsigned(url: str, transport: HttpTransport) -> list[Check]:
    try:
        reply = transport.send("GET", "/healthz", {"Accept": "application/json"}, b"", SECONDS)
    except TransportFailure as failure:
        if failure.cause == DATE:
            return [out_of_date(url)]
        return [broken("backend", f"{url}: {CAUSES.get(failure.cause, failure.cause)}", KEEPS)]
    if reply.status != 200 or b'"status"' not in reply.body[:4096]:
        return [broken("backend", f"{url}: something answers there that is no backend", "Correct backend.url.")]
    enrol = "Put a one-time code into backend.enrolment_code and start the terminal."
    checks = [attention("backend", f"{url} answers; this terminal is not enrolled with it yet", enrol)]
    offset = _offset(reply)
    return [*checks, clock(offset, signed=False)] if offset is not None else checks


def _offset(reply: Reply) -> timedelta | None:
    try:
        return parsedate_to_datetime(reply.headers["date"]) - datetime.now(UTC)
    except (KeyError, ValueError, TypeError):
        return None


def out_of_date(url: str) -> Check:
    """A certificate that is good but for its dates says more about this machine's clock than about the line."""
    now = datetime.now(CHINA)
    return broken(
        "clock",
        f"{now:%Y-%m-%d %H:%M} here is outside the dates of {url}'s certificate, so nothing can be sent",
        "Set the clock and see that time synchronisation runs; where it is right, the certificate has run out: call "
        "the backend's operator. Cases wait here meanwhile.",
    )


def clock(offset: timedelta, *, signed: bool) -> Check:
    """``offset`` is how far the backend's clock is ahead of ours."""
    seconds = offset.total_seconds()
    by = "by the backend's signed time" if signed else "by the backend's own word, not signed"
    if abs(offset) <= CLOCK_OFF:
        return good("clock", f"right within {max(1, round(abs(seconds)))} s {by}")
    side = "behind" if seconds > 0 else "ahead"
    return attention(
        "clock",
        f"{abs(seconds):.0f} s {side} {by}; papers bear this machine's time",
        "Set the clock, and see that time synchronisation runs.",
    )
