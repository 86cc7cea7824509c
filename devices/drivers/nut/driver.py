"""A UPS by way of NUT's upsd: Ups over one TCP connection, kept between two questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, DeviceInfo, Level, State, Status, TestResult
from devices.contracts.ups import Power
from devices.drivers.nut import protocol
from devices.drivers.nut.protocol import BadLine, ListDecoder, Lost
from devices.transports.arrived import arrived
from devices.transports.descriptor import ConnectionLost
from devices.transports.stream import ByteStream
from devices.transports.tcp import TcpStream

STEP = 2.0  # seconds for an answer: upsd serves from memory
CHUNK = 4_096
_KEPT = {"ups.status": "status", "battery.charge": "charge", "battery.runtime": "runtime"}


class NoAnswer(DeviceError):
    """upsd was asked and did not finish an answer."""

    def __init__(self, received: int) -> None:
        code = "truncated" if received else "no-answer"
        message = f"the UPS daemon sent {received} bytes and no whole answer"
        advice = "Check that upsd runs and that the profile's address is its own (tcp://127.0.0.1:3493)."
        super().__init__(code, message, advice=advice, retryable=True)


class NutUps:
    """``port`` is ``tcp://host:3493``, ``ups`` its name there. ``stream`` replaces the connection (capture, replay)."""

    def __init__(self, port: str, ups: str, *, stream: ByteStream | None = None, patience: float = STEP) -> None:
        self._port, self._ups, self._patience = port, protocol.ups_name(ups), patience
        self._stream = stream or TcpStream(port)
        self._rest = b""
        self._vendor = self._model = self._serial = ""
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("ups", "nut", self._port, self._vendor, self._model, self._serial)

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {"ups": self._ups, "commands": "none"}

    def open(self, deadline: Deadline) -> None:
        """Connect, and ask once. That upsd has lost the UPS is no reason not to be open: ``poll`` says so."""
        self._connect(deadline)
        try:
            self._variables(deadline)
        except Lost:
            pass
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        self._stream.close()
        self._rest = b""

    def poll(self, deadline: Deadline) -> Status:
        try:
            variables = self._variables(deadline)
        except Lost as lost:
            return Status(State.UNKNOWN, (lost.fault(),))
        state, faults = protocol.judge(protocol.power(variables), variables)
        details = {short: variables[name] for name, short in _KEPT.items() if name in variables}
        return Status(state, faults, details=details)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """Every level asks. Interactive is for a person who pulls the mains plug: passed once ``on-battery`` is seen
        by polling, so nothing is claimed here."""
        status = self.poll(deadline)
        told = ", ".join(fault.code for fault in status.faults) or "on line"
        passed = None if status.state is State.UNKNOWN or level is Level.INTERACTIVE else status.usable
        ask = "; pull the mains plug and watch the status" if level is Level.INTERACTIVE else ""
        return TestResult(level, passed, f"{self._model or self._ups}: {told}{ask}")

    def reset(self, deadline: Deadline) -> None:
        """Connect anew; the UPS itself is never commanded."""
        self.close()
        self.open(deadline)

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: questions, reconnects, and one per error code."""
        return dict(self._count)

    # ---- Ups ----

    def power(self, deadline: Deadline) -> Power:
        try:
            return protocol.power(self._variables(deadline))
        except Lost as lost:
            return Power(why=lost.code)

    # ---- the connection ----

    def _connect(self, deadline: Deadline) -> None:
        self._rest = b""
        self._stream.open(deadline)

    def _variables(self, deadline: Deadline) -> dict[str, str]:
        """All that upsd knows of the UPS. A kept connection that upsd has closed meanwhile is made once more."""
        self._count["questions"] += 1
        step = deadline.sooner(self._patience)
        try:
            try:
                variables = self._list(step)
            except ConnectionLost:
                self._count["reconnects"] += 1
                self._connect(step)
                variables = self._list(step)
        except Lost as error:
            self._count[error.code] += 1
            raise
        except DeviceError as error:
            self._count[error.code] += 1
            self.close()  # what is left of an answer must not be taken for the next one
            raise
        self._vendor = variables.get("device.mfr", variables.get("ups.mfr", ""))
        self._model = variables.get("device.model", variables.get("ups.model", ""))
        self._serial = variables.get("device.serial", variables.get("ups.serial", ""))
        return variables

    def _list(self, deadline: Deadline) -> dict[str, str]:
        self._stream.write(protocol.list_variables(self._ups), deadline)
        decoder, received = ListDecoder(self._ups), 0
        while True:
            line = self._line(deadline)
            if line is None:
                raise NoAnswer(received + len(self._rest))
            received += len(line)
            if decoder.feed(line):
                return decoder.variables

    def _line(self, deadline: Deadline) -> bytes | None:
        """The next line with its LF; None when the time is up, also where lines never cease to come."""
        if deadline.expired:
            return None
        while b"\n" not in self._rest:
            if len(self._rest) > protocol.MAX_LINE:
                raise BadLine("a line without end")
            part = arrived(self._stream, CHUNK, deadline)
            if not part:
                return None
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        return line + b"\n"
