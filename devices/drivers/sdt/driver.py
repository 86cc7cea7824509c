"""The ID card reader: a FingerprintReader (and so an IdentityReader) over the SDT protocol.

A read is find (20 01), select (20 02), read (30 01). Readers differ in whether a card that stays is found again
([open] in the sources): both are handled, so a card that stays neither vanishes nor is reported twice.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, DeviceInfo, Level, State, Status, TestResult
from devices.contracts.identity import CardRead, DocumentKind, FingerprintFeatures, NoCard
from devices.drivers.sdt import protocol
from devices.drivers.sdt.frames import Frame
from devices.drivers.sdt.link import Link, Patience
from devices.drivers.sdt.protocol import SW3, Command
from devices.transports.serial import SerialPort
from devices.transports.stream import ByteStream, StreamError
from devices.transports.usb import SCHEME as USB
from devices.transports.usb import UsbBulk

FIND_SECONDS = 0.3  # between two searches: 0.3 to 1 s is the practice
PROBE_SECONDS = 1.0
_PRESENT_ANSWERS = frozenset({SW3.OK, SW3.NO_SUCH_ITEM})
_NO_ADDRESS = frozenset(
    {SW3.NO_SUCH_ITEM, SW3.BAD_COMMAND, SW3.UNRECOGNISED}
)  # none on it, or a reader that never asks
_USB_PIPES = (0x02, 0x81)  # before 06 and 85, where a reader has all four [open]


def line(port: str, baud: int = 115_200) -> ByteStream:
    """The line of a port: ``usb:0400:c35a`` for bulk pipes (**unverified**), a path for a serial line."""
    return UsbBulk(port, preferred=_USB_PIPES) if port.startswith(USB) else SerialPort(port, baud)


class SdtReader:
    """One reader on one port. All methods are called from one thread.

    ``newest_address``: ``read`` asks each card for the address that was appended to it (one more exchange).
    """

    def __init__(
        self,
        port: str,
        baud: int = 115_200,
        *,
        newest_address: bool = False,
        stream: ByteStream | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._link = Link(stream or line(port, baud), patience or Patience())
        self._port = port
        self._baud = baud
        self._ask_newest = newest_address
        self._serial = ""
        self._key = secrets.token_bytes(16)
        self._unsure = True  # since opening, or a failed read: a card may lie there that is not found again
        self._ours_selected = False  # whether the card that is selected now is the one read last
        # keyed digest of the card read last: tells whether the same card lies there, nothing more. It outlives a reset
        # and a lost line, behind which a card can be exchanged unseen
        self._last = b""

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("id_reader", "sdt", self._port, model="SAM-V reader", serial=self._serial)

    @property
    def capabilities(self) -> Mapping[str, str]:
        found = {"documents": " ".join(kind.value for kind in DocumentKind), "photo": "wlt", "fingerprint": "yes"}
        found["newest_address"] = "yes" if self._ask_newest else "no"
        if self._port.startswith(USB):
            return {**found, "line": "usb", "verified": "no"}  # no reader on USB pipes was ever tried
        return {**found, "line": "serial", "baud": str(self._baud)}

    def open(self, deadline: Deadline) -> None:
        """Open the port and see that the module is well. DeviceError where it is not."""
        self._unsure = True
        self._ours_selected = False
        self._link.stream.open(deadline)
        try:
            self._expect_ok(protocol.SAM_STATUS, deadline)
            answer = self._link.exchange(protocol.READ_SAM_ID, deadline)
            self._serial = protocol.sam_id(answer.data) if answer.status == SW3.OK else ""
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        self._link.stream.close()

    def poll(self, deadline: Deadline) -> Status:
        """The heartbeat (11 FF). A module that is ill is a hardware error; silence raises."""
        answer = self._link.exchange(protocol.SAM_STATUS, deadline)
        details = {"sam_id": self._serial}
        if answer.status == SW3.OK:
            return Status(State.ONLINE, details=details)
        fault = protocol.refusal(answer.status, protocol.SAM_STATUS.name).fault()
        return Status(State.HARDWARE_ERROR, (fault,), details=details)

    def read(self, deadline: Deadline) -> CardRead | NoCard:
        """One attempt. NoCard at once when the field is empty; DeviceError (``card-read``, ``checksum`` …) else."""
        try:
            return self._read(deadline)
        except DeviceError:
            self._last, self._unsure = b"", True
            raise

    def _read(self, deadline: Deadline) -> CardRead | NoCard:
        if self._find(deadline):
            self._expect_ok(protocol.SELECT, deadline)
            answer = self._expect_ok(protocol.READ, deadline)
        elif (leftover := self._leftover(deadline)) is None:
            self._last = b""
            return NoCard()
        else:
            answer = leftover
        payload = self._payload(answer)
        try:
            document = payload.document()
        except DeviceError as error:
            raise self._counted(error) from None
        if self._ask_newest:
            document = replace(document, newest_address=self.newest_address(deadline))
        self._last, self._unsure, self._ours_selected = self._digest(payload.text), False, True
        self._link.counts["cards"] += 1
        return CardRead(document)

    def present(self, deadline: Deadline) -> bool:
        """Whether the card read last still lies there, a lost line in between or not; any card, when none was read."""
        if not self._last:
            return self._find(deadline)
        if self._ours_selected and self._selected_card_answers(deadline):
            return True
        self._ours_selected = self._same_card_again(deadline)
        return self._ours_selected

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """Internal: the module. External: and a card where one lies there. Interactive: waits for a card."""
        self._expect_ok(protocol.SAM_STATUS, deadline)
        module = f"security module {self._serial or 'without number'} is well"
        if level is Level.INTERNAL:
            return TestResult(level, True, module)
        outcome = self.read(deadline)
        while isinstance(outcome, NoCard) and level is Level.INTERACTIVE and deadline.remaining() > FIND_SECONDS:
            time.sleep(FIND_SECONDS)  # the module asks to be left alone between two searches
            outcome = self.read(deadline)
        if isinstance(outcome, CardRead):
            return TestResult(level, True, f"{module}; read a card of kind {outcome.document.kind.value}")
        return TestResult(level, False if level is Level.INTERACTIVE else None, f"{module}; no card was shown")

    def reset(self, deadline: Deadline) -> None:
        """Reset the security module (10 FF)."""
        self._ours_selected = False
        self._expect_ok(protocol.RESET, deadline)

    def newest_address(self, deadline: Deadline) -> str:
        """The address appended to the card that is selected (30 03); empty where it has none."""
        answer = self._link.exchange(protocol.READ_NEWEST_ADDRESS, deadline)
        if answer.status in _NO_ADDRESS:
            return ""
        try:
            return protocol.decode_address(self._checked(answer, protocol.READ_NEWEST_ADDRESS).data)
        except protocol.CardContent as error:
            raise self._counted(error) from None

    def fingerprint(self, deadline: Deadline) -> FingerprintFeatures | NoCard:
        """The features of the card read last (30 10), handed over and not kept. NoCard when it lies there no more."""
        if not self._last or not self.present(deadline):
            return NoCard()
        answer = self._expect_ok(protocol.READ_FINGERPRINT, deadline)
        payload = self._payload(answer, parts=3)
        if not secrets.compare_digest(self._digest(payload.text), self._last):  # exchanged between the two commands
            self._ours_selected = False
            return NoCard()
        self._link.counts["fingerprints"] += 1
        return FingerprintFeatures(payload.fingerprint)

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: commands, cards, skipped_bytes, and one per error code."""
        return dict(self._link.counts)

    def _find(self, deadline: Deadline) -> bool:
        answer = self._link.exchange(protocol.FIND, deadline)
        if answer.status == SW3.CARD_FOUND:
            return True
        if answer.status == SW3.FIND_FAILED:
            return False
        raise self._counted(protocol.refusal(answer.status, protocol.FIND.name))

    def _payload(self, answer: Frame, parts: int = 2) -> protocol.Payload:
        try:
            return protocol.decode_payload(answer.data, parts)
        except DeviceError as error:
            raise self._counted(error) from None

    def _leftover(self, deadline: Deadline) -> Frame | None:
        """A card that lies there and is not found again: the one read last, or one that could not be read before."""
        if not (self._last or self._unsure):
            return None
        self._unsure = False
        probe = deadline.sooner(PROBE_SECONDS)
        try:
            if not self._selected_card_answers(probe) and self._link.exchange(protocol.SELECT, probe).status != SW3.OK:
                return None
        except StreamError:
            raise
        except DeviceError:  # a reader that does not know these commands now: the field counts as empty
            return None
        answer = self._link.exchange(protocol.READ, deadline)
        return answer if answer.status == SW3.OK else None

    def _selected_card_answers(self, deadline: Deadline) -> bool:
        """30 03 reaches only a card that is selected and still there."""
        return self._link.exchange(protocol.READ_NEWEST_ADDRESS, deadline).status in _PRESENT_ANSWERS

    def _same_card_again(self, deadline: Deadline) -> bool:
        """The card lost its selection (moved, module reset): select it anew and compare."""
        if not self._find(deadline):
            return False
        if self._link.exchange(protocol.SELECT, deadline).status != SW3.OK:
            return False
        answer = self._link.exchange(protocol.READ, deadline)
        if answer.status != SW3.OK:  # taken away meanwhile
            return False
        payload = self._payload(answer)
        return secrets.compare_digest(self._digest(payload.text), self._last)

    def _expect_ok(self, command: Command, deadline: Deadline) -> Frame:
        return self._checked(self._link.exchange(command, deadline), command)

    def _checked(self, answer: Frame, command: Command) -> Frame:
        if answer.status != SW3.OK:
            raise self._counted(protocol.refusal(answer.status, command.name))
        return answer

    def _counted(self, error: DeviceError) -> DeviceError:
        self._link.counts[error.code] += 1
        return error

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()
