"""The printer behind a queue, asked without CUPS by the queue's own device URI.

cupsd remembers reasons that are long mended, counts a page when it was sent, and keeps a job in ``processing`` when
the printer is gone (seen with CUPS 2.4.2). So whoever can be asked directly is asked directly.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from devices.contracts.deadline import Deadline
from devices.drivers.cups.wires import Direct, Wires
from devices.drivers.ipp.client import IppClient, Refused
from devices.drivers.ipp.looks import JobLook, PrinterLook
from devices.drivers.ipp.questions import JobAtPrinter, Questions

STEP = 2.0  # seconds: the printer stands beside the terminal
PORTS = {"ipps": 631, "socket": 9100, "lpd": 515}  # schemes whose port can be knocked at


class Behind(Protocol):
    """``confirms``: ``printer`` (it tells how each job ended), ``backend`` (cupsd's backend waits for its word) or
    ``none`` (cupsd only knows that bytes left). ``probe``: ``ipp``, ``connect`` or ``none``."""

    confirms: str
    probe: str

    def look(self, deadline: Deadline) -> PrinterLook | None:
        """How it is; None where it cannot be asked. Raises DeviceError (``port-missing``: it is gone)."""
        ...

    def find(self, mark: str, deadline: Deadline) -> JobLook | None:
        """The job whose name holds ``mark``; None: the printer lists no such job."""
        ...

    @property
    def lists(self) -> bool:
        """Whether None of ``find`` means that the printer has no such job."""
        ...

    def cancel(self, mark: str, deadline: Deadline) -> None: ...

    def cancel_all(self, deadline: Deadline) -> int: ...


class IppBehind:
    """A printer that speaks IPP: asked as the IPP driver asks it."""

    confirms = "printer"
    probe = "ipp"

    def __init__(self, uri: str, user: str, wires: Wires) -> None:
        self._ask = Questions(IppClient(uri, wires.carry), user)
        self._found: dict[str, JobAtPrinter] = {}
        self._lists = True

    @property
    def lists(self) -> bool:
        return self._lists

    def look(self, deadline: Deadline) -> PrinterLook | None:
        return self._ask.printer(deadline.sooner(STEP))

    def find(self, mark: str, deadline: Deadline) -> JobLook | None:
        try:
            if mark in self._found:
                return self._ask.job(self._found[mark], deadline.sooner(STEP))
            return self._search(mark, deadline) if self._lists else None
        except Refused as error:
            if error.code == "not-found":
                return JobLook(None, ("job-forgotten",), None, "")
            self._lists = False
            return None

    def _search(self, mark: str, deadline: Deadline) -> JobLook | None:
        """A cupsd that was killed and started again hands a job over twice: then the one that still runs counts, else
        the one of which most came out. In this order of asking a job that ends in between is still found."""
        seen: list[tuple[bool, int, JobAtPrinter, JobLook]] = []
        for over in (False, True):
            for job in self._ask.named(mark, deadline.sooner(STEP), over=over):
                look = self._ask.job(job, deadline.sooner(STEP))
                seen.append((not look.over, look.done or 0, job, look))
        if not seen:
            return None
        *_, job, look = max(seen, key=lambda entry: entry[:2])
        self._found = {mark: job}
        return look

    def cancel(self, mark: str, deadline: Deadline) -> None:
        """Every job of that name that is not over. Harmless where there is none."""
        try:
            jobs = self._ask.named(mark, deadline.sooner(STEP), over=False)
        except Refused:
            jobs = [self._found[mark]] if mark in self._found else []
        for job in jobs:
            try:
                self._ask.cancel(job.number, deadline.sooner(STEP))
            except Refused:
                continue  # it ended this very moment: whoever looks next learns how
        self._found.pop(mark, None)  # looked for afresh: there may be more than one

    def cancel_all(self, deadline: Deadline) -> int:
        """Every unfinished job of this user's; how many there were."""
        numbers = self._ask.unfinished(deadline.sooner(STEP))
        for number in numbers:
            try:
                self._ask.cancel(number, deadline.sooner(STEP))
            except Refused:
                continue  # over already
        return len(numbers)


class DumbBehind:
    """A printer that CUPS feeds by a way that has no answers (socket, USB, lpd …), or that cannot be asked here."""

    def __init__(self, uri: str, wires: Wires) -> None:
        self._wires = wires
        parts = urlsplit(uri)
        by_ipp = parts.scheme in ("ipps", "https") or (parts.scheme == "dnssd" and "._ipp" in uri)
        self.confirms = "backend" if by_ipp else "none"
        number = PORTS.get(parts.scheme)
        self._knock = f"tcp://{parts.hostname}:{parts.port or number}" if number and parts.hostname else ""
        self.probe = "connect" if self._knock else "none"

    lists = False

    def look(self, deadline: Deadline) -> PrinterLook | None:
        """Only whether somebody listens. PortMissing: nobody does."""
        if self._knock:
            self._wires.knock(self._knock, deadline.sooner(STEP))
        return None

    def find(self, mark: str, deadline: Deadline) -> JobLook | None:
        return None

    def cancel(self, mark: str, deadline: Deadline) -> None:
        """cupsd alone can take it back."""

    def cancel_all(self, deadline: Deadline) -> int:
        return 0


def behind(uri: str, user: str, wires: Wires | None = None) -> Behind:
    """By the scheme of a queue's ``device-uri``. A Unix socket, USB and DNS-SD names cannot be asked."""
    parts, wires = urlsplit(uri), wires or Direct()
    if parts.scheme in ("ipp", "http") and parts.hostname:
        return IppBehind(uri, user, wires)
    return DumbBehind(uri, wires)
