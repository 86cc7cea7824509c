"""The driver's end of the child that speaks to cupsd: one question at a time, each within its deadline.

A child that does not answer in time is killed, and whatever libcups was doing ends with it; the next question starts
another one (80 ms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.cups import errors
from devices.drivers.cups.wires import Direct, Wires
from devices.drivers.ipp.looks import JobLook
from devices.drivers.ipp.protocol import AttributeGroup, Group, Tag, attribute
from devices.transports.child import ChildProcess
from devices.transports.child_channel import Message

STEP = 4.0  # seconds for one question; a document may take until its deadline
START = 5.0  # longest a child may take to be ready
IPP_PORT = 631
WANTED = (
    "printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "printer-make-and-model", "device-uri",
    "document-format-supported", "media-supported", "sides-supported", "queued-job-count",
)  # fmt: skip
JOB_WANTED = (
    "job-id",
    "job-state",
    "job-state-reasons",
    "time-at-processing",
)  # cupsd's page counts mean pages sent, not pages printed


@dataclass(frozen=True, slots=True)
class QueuePort:
    """``server`` is empty (the machine's own, or CUPS_SERVER), a host, or the path of a Unix socket."""

    server: str
    number: int
    queue: str

    @classmethod
    def parse(cls, port: str) -> QueuePort:
        """``cups:QUEUE``, ``cups://host[:631]/QUEUE`` or ``cups:///path/of/cups.sock#QUEUE``. Raises ``bad-port``."""
        try:
            parts = urlsplit(port)
            host, number = parts.hostname or "", parts.port or IPP_PORT
        except ValueError:
            raise errors.bad_port(port) from None
        path = unquote(parts.path)
        if parts.fragment:
            server, queue = path, unquote(parts.fragment)
        else:
            server, queue = host, path.removeprefix("/") if host else path
        known = parts.scheme == "cups" and queue and not set(queue) & set("/# \t")
        if not known or (parts.fragment and (host or not server.startswith("/"))):
            raise errors.bad_port(port)
        return cls(server, number, queue)


class CupsServer:
    """One queue of one CUPS server. Belongs to the actor's thread."""

    def __init__(self, port: str, wires: Wires | None = None) -> None:
        self._where = QueuePort.parse(port)
        self._wires = wires or Direct()
        server, number = self._wires.server(self._where.server, self._where.number)
        self._child = ChildProcess("devices.drivers.cups.child", (server, str(number)))
        self._number = 0
        self.user = ""
        self.exchanges = 0

    @property
    def queue(self) -> str:
        return self._where.queue

    @property
    def child_starts(self) -> int:
        return self._child.starts

    @property
    def child_pid(self) -> int | None:
        return self._child.pid

    def close(self) -> None:
        self._child.kill()
        self._wires.close()

    # ---- questions ----

    def look(self, deadline: Deadline) -> AttributeGroup:
        """The queue as cupsd tells it. Raises ``queue-missing``."""
        try:
            answer = self._ask({"do": "look", "queue": self.queue, "wanted": WANTED}, deadline.sooner(STEP))
        except errors.CupsRefused as error:
            if error.status == errors.NOT_FOUND:
                raise errors.queue_missing(self.queue) from error
            raise
        return _group(Group.PRINTER, answer.head["attributes"])

    def create(self, title: str, options: Mapping[str, str], deadline: Deadline) -> int:
        """An empty job's number. Nothing prints before ``send``."""
        asked = {"do": "create", "queue": self.queue, "title": title, "options": dict(options)}
        try:
            return int(self._ask(asked, deadline.sooner(STEP)).head["job"])
        except errors.CupsRefused as error:
            if error.status == errors.NOT_FOUND:
                raise errors.queue_missing(self.queue) from error
            raise

    def send(self, job: int, title: str, pdf: bytes, deadline: Deadline) -> None:
        """After anything but CupsRefused nobody can say whether the whole document arrived."""
        self._ask({"do": "send", "queue": self.queue, "job": job, "title": title}, deadline, pdf)

    def job(self, job: int, deadline: Deadline) -> tuple[JobLook, bool]:
        """The job without a page count, and whether cupsd ever began to hand it over.

        Raises CupsRefused ``not-found`` for a job that was purged."""
        answer = self._ask({"do": "job", "job": job, "wanted": JOB_WANTED}, deadline.sooner(STEP))
        group = _group(Group.JOB, answer.head["attributes"])
        return JobLook.of(group), bool(group.number("time-at-processing"))

    def mine(self, deadline: Deadline) -> list[int]:
        """This user's jobs in the queue, those of an earlier process too, and those that are over but not purged."""
        return list(self._ask({"do": "mine", "queue": self.queue}, deadline.sooner(STEP)).head["jobs"])

    def cancel(self, job: int, deadline: Deadline, *, purge: bool = False) -> None:
        """``purge`` removes the document from cupsd's spool too, but kills the backend that would tell the printer."""
        self._ask({"do": "cancel", "job": job, "purge": purge}, deadline.sooner(STEP))

    def remove(self, job: int, deadline: Deadline) -> None:
        """Purge, whatever has become of the job; idempotent. The first purge of a running job kills its backend and
        deletes the document, the second deletes what cupsd remembers of it."""
        try:
            for _ in range(2):
                self.cancel(job, deadline, purge=True)
        except errors.CupsRefused as error:
            if error.status not in (errors.NOT_FOUND, errors.NOT_POSSIBLE):
                raise

    def enable(self, deadline: Deadline) -> None:
        """Start the queue and let it take jobs. Needs the right of an administrator (group lpadmin)."""
        self._ask({"do": "enable", "queue": self.queue}, deadline.sooner(STEP))

    # ---- the child ----

    def _ask(self, head: Mapping[str, object], deadline: Deadline, body: bytes = b"") -> Message:
        self.exchanges += 1
        self._start(deadline)
        self._number += 1
        try:
            self._child.send({**head, "id": self._number}, body, deadline=deadline)
            answer = self._child.receive(deadline)
        except DeviceError as error:
            self._child.kill()
            self._wires.check()
            if error.code == "child-silent":
                raise errors.no_answer(self._where.server) from error
            raise
        self._wires.check()
        kind = answer.head.get("is")
        if kind == "answer" and answer.head.get("id") == self._number:
            return answer
        if kind == "refused":
            raise errors.refused(int(answer.head["status"]), str(answer.head["detail"]), self.queue)
        if kind == "denied":
            raise errors.socket_denied(self._where.server)
        if kind == "gone":
            raise errors.cups_gone(self._where.server)
        self._child.kill()
        raise DeviceError(
            "child-garbage",
            "the CUPS process sent an answer to another question",
            advice="it is ended and started again",
            retryable=True,
        )

    def _start(self, deadline: Deadline) -> None:
        if self._child.running:
            return
        self._wires.open()
        self._child.start()
        try:
            ready = self._child.receive(deadline.sooner(START))
        except DeviceError as error:
            self._child.kill()
            if error.code == "child-silent":
                raise errors.no_answer(self._where.server) from error
            raise
        if ready.head.get("is") == "missing":
            self._child.kill()
            raise errors.cups_missing()
        self.user = str(ready.head.get("user", ""))


def _group(kind: int, attributes: Mapping[str, list[str | int | bool]]) -> AttributeGroup:
    """pycups's dictionary in the shape that the IPP driver's looks read."""
    return AttributeGroup(kind, tuple(attribute(name, Tag.KEYWORD, *values) for name, values in attributes.items()))
