"""A locker by Modbus RTU: look, pulse, look again, decide.

A lock's coil that stays on burns out, so the driver remembers every lock that it may have left energised and begins
whatever it does next by switching those off; after a crash it finds them by reading the coils when it opens.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.contracts.locker import Box, BoxDoor, NotOpened, Occupancy, Opened, OpenOutcome, Unknown
from devices.drivers.locker.boxes import BoxWires, LockerMap
from devices.drivers.modbus_io.line import ModbusPort
from devices.drivers.modbus_io.link import ModbusLink, Patience
from devices.drivers.modbus_io.protocol import Exc, Function, Refused, Request
from devices.transports.stream import ByteStream

LOOK = 0.05  # seconds between two looks at a door
RESERVE = 0.3  # seconds kept back for switching the lock off
_NOT_DONE = frozenset({Exc.ILLEGAL_FUNCTION, Exc.ILLEGAL_DATA_ADDRESS, Exc.ILLEGAL_DATA_VALUE, Exc.SERVER_DEVICE_BUSY})

NO_SUCH_BOX = Fault("no-such-box", Action.CONFIGURE, "the profile names no such box")
NO_TIME = Fault("no-time", Action.NONE, "the time was too short to open a box and see that it is open")
STUCK = Fault("door-stuck", Action.CALL_TECHNICIAN, "the lock was told to open and the door stayed shut")
NO_CONTACT = Fault("no-door-contact", Action.NONE, "the lock was told to open; this box cannot say whether it did")


class ModbusLocker:
    """One locker. ``stream`` replaces the serial line (capture, replay, faults); ``link`` is a line that is shared."""

    def __init__(
        self,
        port: str,
        boxes: LockerMap,
        *,
        baud: int = 9_600,
        parity: str = "none",
        stream: ByteStream | None = None,
        link: ModbusLink | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._port, self._map = port, boxes
        self._link = link or ModbusLink(stream or ModbusPort(port, baud, parity), baud, patience)
        self._inputs, self._locks = boxes.inputs, boxes.locks
        self._energised: set[str] = set()
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("locker", "locker", self._port, model=f"Modbus RTU, unit {self._map.unit}")

    @property
    def capabilities(self) -> Mapping[str, str]:
        wires = self._map.boxes.values()
        return {
            "boxes": str(len(wires)),
            "doors": str(sum(box.door is not None for box in wires)),
            "occupied": str(sum(box.occupied is not None for box in wires)),
        }

    def open(self, deadline: Deadline) -> None:
        """Open the line, switch off locks that an earlier process left on, look at every box."""
        self._link.open(self, deadline)
        try:
            self._find_energised(deadline)
            self._release(deadline)
            self.look(deadline)
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        self._link.close(self)

    def poll(self, deadline: Deadline) -> Status:
        """Every box. Doors that stand open are told and do not block; a lock that cannot be switched off does."""
        trouble = self._released(deadline)
        seen = self.look(deadline)
        details = {f"box:{label}": f"{box.door.value} {box.occupancy.value}" for label, box in seen.items()}
        faults = [] if trouble is None else [self._hot()]
        if ajar := [label for label, box in seen.items() if box.door is BoxDoor.OPEN]:
            faults.append(Fault("box-open", Action.CLEAR, f"open: {', '.join(ajar)}", blocking=False))
        return Status(State.HARDWARE_ERROR if trouble else State.ONLINE, tuple(faults), details=details)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """Internal: look at every box. External: switch every lock off. Interactive: open the boxes that are known to
        be empty, with a person there to shut them; None where none is known to be."""
        seen = self.look(deadline)
        report = f"{len(seen)} boxes answer"
        if level is Level.INTERNAL:
            return TestResult(level, True, report)
        self.reset(deadline)
        if level is Level.EXTERNAL:
            return TestResult(level, True, f"{report}; every lock takes a command")
        empty = [label for label, box in seen.items() if box.occupancy is Occupancy.EMPTY]
        failed = [label for label in empty if not isinstance(self.open_box(label, deadline), Opened)]
        if failed:
            return TestResult(level, False, f"{report}; did not open: {', '.join(failed)}")
        return TestResult(level, True if empty else None, f"{report}; {len(empty)} empty boxes were opened")

    def reset(self, deadline: Deadline) -> None:
        """Switch every lock off."""
        self._energised |= self._map.boxes.keys()
        self._release(deadline)

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: opened, not_opened, unknown, pulses, those of the line, and one per error code."""
        return {**self._link.counts, **self._count}

    # ---- Locker ----

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._map.boxes)

    def look(self, deadline: Deadline) -> Mapping[str, Box]:
        request = self._inputs or self._locks  # without any input, that the board answers is all there is to know
        values = self._link.ask(self._map.unit, request, deadline)
        return self._map.seen(dict(enumerate(values, request.address)))

    def open_box(self, box: str, deadline: Deadline) -> OpenOutcome:
        outcome = self._open_box(box, deadline)
        word = {Opened: "opened", NotOpened: "not_opened", Unknown: "unknown"}[type(outcome)]
        self._count[word] += 1
        return outcome

    def _open_box(self, box: str, deadline: Deadline) -> OpenOutcome:
        wires = self._map.boxes.get(box)
        if wires is None:
            return NotOpened(box, NO_SUCH_BOX)
        doubtful = box in self._energised  # an earlier attempt may open it yet
        try:
            self._release(deadline)
            if self.look(deadline)[box].door is BoxDoor.OPEN:
                return Opened(box)
        except DeviceError as error:
            return Unknown(box, error.fault()) if doubtful else NotOpened(box, error.fault())
        if deadline.remaining() < self._map.pulse_seconds + RESERVE:
            return NotOpened(box, NO_TIME)
        return self._pulse(box, wires, deadline)

    def _pulse(self, box: str, wires: BoxWires, deadline: Deadline) -> OpenOutcome:
        """Energise the lock until the door is open or the pulse is over, switch it off, watch the door, decide."""
        last = Deadline(deadline.at - RESERVE)
        pulse_ends = Deadline.after(self._map.pulse_seconds)
        self._count["pulses"] += 1
        if self._map.host_pulse:
            self._energised.add(box)
        unsure: DeviceError | None = None
        try:
            self._switch(box, True, last)
        except Refused as error:
            if error.exception in _NOT_DONE and not error.repeated:
                self._energised.discard(box)
                return NotOpened(box, error.fault())
            unsure = error
        except DeviceError as error:
            unsure = error  # it may have been heard all the same
        if unsure is not None and self._map.host_pulse:
            self._cut(box, pulse_ends, deadline)
        door, blind = self._watch(box, pulse_ends, last)
        still_on = self._released(deadline) if self._map.host_pulse else unsure
        door_ends = Deadline(pulse_ends.at + self._map.door_seconds)
        if door is not BoxDoor.OPEN and wires.door is not None and not _out_of_reach(blind):
            door, blind = self._watch(box, door_ends, last)
        if door is BoxDoor.OPEN:
            return Opened(box)
        if why := (blind or still_on) and (unsure or blind or still_on):  # the first cause is the one that is told
            return Unknown(box, why.fault())
        if wires.door is None:
            return Unknown(box, unsure.fault() if unsure else NO_CONTACT)
        if last.at < door_ends.at:
            return Unknown(box, NO_TIME)
        return NotOpened(box, unsure.fault() if unsure else STUCK)

    def _cut(self, box: str, pulse_ends: Deadline, deadline: Deadline) -> None:
        """Switch off, as soon as the pulse is over, a lock that may be on: a look before it could wait for seconds.

        Where that is not confirmed, the lock stays remembered."""
        time.sleep(min(pulse_ends.remaining(), max(0.0, deadline.remaining() - RESERVE)))
        with suppress(DeviceError):
            self._switch(box, False, deadline, at_once=True)
            self._energised.discard(box)

    def _watch(self, box: str, until: Deadline, last: Deadline) -> tuple[BoxDoor, DeviceError | None]:
        """Look at a door until it is open or the time is up: what was seen last, or what kept it from being seen."""
        while True:
            blind, door = None, BoxDoor.UNKNOWN
            try:
                door = self.look(last)[box].door
            except DeviceError as error:
                blind = error
            if door is BoxDoor.OPEN or until.expired or last.remaining() <= LOOK or _out_of_reach(blind):
                return door, blind
            time.sleep(min(LOOK, until.remaining()))

    # ---- locks ----

    def _switch(self, box: str, on: bool, deadline: Deadline, *, at_once: bool = False) -> None:
        lock = self._map.boxes[box].lock
        request = Request(Function.WRITE_SINGLE_COIL, lock.address, values=(lock.value(on),))
        self._link.ask(self._map.unit, request, deadline, at_once=at_once)

    def _release(self, deadline: Deadline) -> None:
        """Switch off every lock that may be on. Raises DeviceError; what could not be switched off stays remembered."""
        refused: Refused | None = None
        for box in sorted(self._energised):
            try:
                self._switch(box, False, deadline)
            except Refused as error:  # this one; the others may yet be reached
                refused = refused or error
            else:
                self._energised.discard(box)
        if refused is not None:
            raise refused

    def _released(self, deadline: Deadline) -> DeviceError | None:
        try:
            self._release(deadline)
        except DeviceError as error:
            return error
        return None

    def _find_energised(self, deadline: Deadline) -> None:
        if not self._map.host_pulse:
            return
        try:
            values = self._link.ask(self._map.unit, self._locks, deadline)
        except Refused:  # a board that does not tell its coils: each may be on
            self._energised |= self._map.boxes.keys()
            return
        bits = dict(enumerate(values, self._locks.address))
        on = {label for label, wires in self._map.boxes.items() if wires.lock.means(bits[wires.lock.address])}
        self._count["found_energised"] += len(on)
        self._energised |= on

    def _hot(self) -> Fault:
        which = ", ".join(sorted(self._energised))
        return Fault("lock-energised", Action.CALL_TECHNICIAN, f"cannot be switched off: {which}")


def _out_of_reach(error: DeviceError | None) -> bool:
    """The line itself is gone: nothing more will be learned until it is opened again."""
    return error is not None and error.code in ("unplugged", "connection-lost")
