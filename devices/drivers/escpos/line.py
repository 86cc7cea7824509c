"""Questions and answers on the line: sorts what the printer sends into the answer waited for and the rest."""

from __future__ import annotations

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.drivers.escpos.protocol import ASB_ON, ASK_PAPER, AsbLook, Ask, Kind, Look, ask, is_asb, kind_of
from devices.transports.stream import ByteStream, ReadTimeout

NOW = Deadline(0.0)
STEP = 2.0  # seconds for the answer to a real-time question
BACKLOG = 1024  # bytes that may have come by themselves: more is no printer that speaks
NOISE = 8  # bytes without sense before an answer: after more of them it would be one by chance
QUIET = 1.5  # seconds without an answer: a part that is not stuck prints in a quarter of that


class Line:
    """Wraps a stream. ``outstanding`` counts GS r not answered yet, ``strange`` bytes that make no sense.

    ``told`` is the last automatic status (GS a) since opening: the printer sends one when it is told to, and one at
    every change. It ends a wait early, and stands in for DLE EOT where a printer does not answer that."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.outstanding = 0  # outlives a receipt: an answer does not say which receipt it belongs to
        self.confirms: bool | None = None  # whether GS r is answered; None: not known yet
        self.realtime: bool | None = None  # whether DLE EOT is answered; None: not known yet
        self.told: AsbLook | None = None
        self._begun = b""  # of an automatic status whose rest has not come yet: it is no answer to GS r
        self.strange = 0
        self.exchanges = 0

    def opened(self) -> None:
        """Nothing is known of whoever is at the other end now."""
        self.confirms = self.realtime = self.told = None
        self._begun = b""

    def ask(self, what: Ask, deadline: Deadline) -> int:
        """DLE EOT and its answer byte. Raises DeviceError ``no-answer`` or the stream's."""
        self.exchanges += 1
        self.take_waiting()
        self.stream.write(ask(what), deadline.sooner(STEP))
        return self._await(Kind.REALTIME, deadline.sooner(STEP))

    def look(self, deadline: Deadline) -> Look | AsbLook:
        """DLE EOT 1 to 4; one silence is enough to know nothing. GS a where it is known to be answered instead."""
        if self.realtime is False:
            return self._look_by_asb(deadline)
        try:
            seen = Look(*(self.ask(what, deadline) for what in Ask))
        except DeviceError as silence:
            if self.realtime or silence.code != "no-answer" or self.told is None:
                raise
            seen_by_asb = self._look_by_asb(deadline)
            self.realtime = False
            return seen_by_asb
        self.realtime = True
        return seen

    def _look_by_asb(self, deadline: Deadline) -> AsbLook:
        """GS a asks for a status in its turn, so a printer that is held up answers when it goes on. It has told of what
        holds it up at the time, and told nothing else since: that is its word. Raises ``no-answer``."""
        self.exchanges += 1
        self.take_waiting()
        before, self.told = self.told, None
        self.stream.write(ASB_ON, deadline.sooner(STEP))
        step = deadline.sooner(STEP)
        try:
            while self.told is None:
                self._sort(self._byte(step))
        except ReadTimeout as silence:
            self.told = before
            if before is None or before.blocking is None:
                self.realtime = None  # perhaps it answers DLE EOT after all: asked again at the next look
                raise _silent() from silence
        assert self.told is not None  # noqa: S101 - the loop, or what was told before
        return self.told

    def send_barrier(self, deadline: Deadline) -> None:
        """GS r 1: the printer answers once it has come to it."""
        self.outstanding += 1
        self.stream.write(ASK_PAPER, deadline)

    def await_barrier(self, deadline: Deadline) -> bool:
        """Wait for one GS r answer; False when the deadline passes first, or the printer tells that it is held up."""
        while True:
            try:
                kind = self._sort(self._byte(deadline))
            except ReadTimeout:
                return False
            if kind is Kind.PAPER:
                return True
            if kind is Kind.ASB and self.told is not None and self.told.blocking:
                return False

    def settle(self, deadline: Deadline) -> bool:
        """Ask once more and take in every answer that is owed, so that none is taken for a later receipt's.

        False when that did not come about: what GS r says means nothing then. Call it after the buffers were told to
        be cleared: a printer that obeys forgets the older questions, answers this one alone, and then there is quiet.
        Raises what ``look`` raises.
        """
        self.send_barrier(deadline)
        heard = False
        while self.outstanding and self.await_barrier(deadline.sooner(QUIET)):
            heard = True
        if heard and not deadline.expired and self.look(deadline).blocking is None:
            self.outstanding = 0
        return not self.outstanding

    def take_waiting(self) -> None:
        """Sort what has come by itself; never waits. Raises DeviceError ``garbage`` where there is no end of it: among
        so many bytes there is one that looks like any answer."""
        for _ in range(BACKLOG):
            try:
                self._sort(self.stream.read_exact(1, NOW)[0])
            except ReadTimeout:
                return
        raise _garbage()

    def _await(self, kind: Kind, deadline: Deadline) -> int:
        noise = self.strange + NOISE
        while True:
            if self.strange > noise:
                raise _garbage()
            try:
                byte = self._byte(deadline)
            except ReadTimeout as silence:
                raise _silent() from silence
            if kind_of(byte) is kind:
                return byte
            self._sort(byte)

    def _byte(self, deadline: Deadline) -> int:
        """The next one. ReadTimeout at the deadline, also where there are always more of them."""
        if deadline.expired:
            raise ReadTimeout(1, b"")
        return self.stream.read_exact(1, deadline)[0]

    def _sort(self, byte: int) -> Kind | None:
        """Take note of a byte; returns what is whole with it."""
        kind = kind_of(byte)
        if self._begun and kind is not Kind.REALTIME:
            self._begun += bytes((byte,))
            if len(self._begun) < 4:
                return None
            block, self._begun = self._begun, b""
            if is_asb(block):
                self.told = AsbLook(block)
                return Kind.ASB
            self.strange += len(block)
            return Kind.STRANGE
        if kind is Kind.ASB:
            self._begun = bytes((byte,))
            return None
        if kind is Kind.PAPER:
            self.outstanding = max(0, self.outstanding - 1)
        elif kind is Kind.REALTIME:
            self.realtime = True  # late, but it answers
        elif kind is Kind.STRANGE:
            self.strange += 1
        return kind


def _garbage() -> DeviceError:
    return DeviceError(
        "garbage",
        "bytes without sense come from the printer",
        advice="Check that the port and the speed are the printer's; then check its cable.",
        retryable=True,
        action=Action.CONFIGURE,
    )


def _silent() -> DeviceError:
    return DeviceError(
        "no-answer",
        "the printer does not answer a status question",
        advice="Check power and cable. Some printers print without answering: see what came out.",
        retryable=True,
        action=Action.RESET,
    )
