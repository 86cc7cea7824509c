"""One context with pcscd, through pyscard's low-level calls alone: every call may block, so it is made in a Worker.

pyscard's CardMonitor and ReaderMonitor are not used: their threads end without a word when pcscd goes away.

What libpcsclite and pyscard really do (2.3 with pcsc-lite 1.9.9, seen):
- pcscd dies: the call under way gives F_COMM_ERROR, E_NO_SERVICE or W_SECURITY_VIOLATION, later ones E_NO_SERVICE;
  SCardIsValidContext still says that all is well. An old context is never good again; handles die with it.
- SCardTransmit that fails hands back the *uninitialised memory* of its answer buffer, 64 KB of whatever this process
  had there before. The data of a failed call is never looked at, kept or shown.
- A card pulled in the middle of an APDU may be told as success with an empty answer.
- The name of the socket (PCSCLITE_CSOCK_NAME) is read once for the life of the process.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from devices.contracts.deadline import Deadline
from devices.transports import pcsc_errors as errors
from devices.transports.slot import CardPulled, Look
from devices.transports.stream import Unplugged

# winscard.h / pcsclite.h
SCOPE_SYSTEM = 2
SHARE_EXCLUSIVE = 1
PROTOCOL_T0, PROTOCOL_T1 = 1, 2
UNPOWER = 2
UNAWARE = 0x0000
STATE_CHANGED, STATE_UNKNOWN, STATE_UNAVAILABLE, STATE_PRESENT = 0x0002, 0x0004, 0x0008, 0x0020
STATE_EXCLUSIVE, STATE_IN_USE, STATE_MUTE = 0x0080, 0x0100, 0x0200
SOCKET = "/run/pcscd/pcscd.comm"
KNOCK = 0.2  # seconds for a connection to a local socket
ASK_AGAIN = (0.02, 0.1)  # seconds: who hangs up may be a pcscd that is dying, whose door closes last
GONE_SETTLES = 0.6  # pcscd asks a reader for its card every 0.4 s


def library() -> Any:
    """pyscard's wrapper of libpcsclite. Raises PcscMissing."""
    try:
        scard = import_module("smartcard.scard")
        _ = scard.SCardEstablishContext
    except (ImportError, AttributeError) as error:  # not installed, or PyPI's `smartcard` in its place
        raise errors.PcscMissing() from error
    return scard


class Session:
    """A context, the reader chosen in it, and a card where one is connected. All methods block; one thread."""

    def __init__(self, port: str) -> None:
        self.port = port  # as the profile names it: a whole name, its beginning, or nothing for the only one
        self.reader = ""
        self.protocol = 0
        self._scard: Any = None
        self._context: int | None = None
        self._card: int | None = None
        self._word = UNAWARE
        self._cancelled = False

    def establish(self) -> str:
        """Reach pcscd and find the reader; its whole name."""
        self._scard = library()
        code, context = self._scard.SCardEstablishContext(SCOPE_SYSTEM)
        for pause in ASK_AGAIN:
            if code & 0xFFFFFFFF not in errors.HUNG_UP or not somebody_listens():
                break
            time.sleep(pause)  # in the worker's thread
            code, context = self._scard.SCardEstablishContext(SCOPE_SYSTEM)
        else:
            if code & 0xFFFFFFFF in errors.HUNG_UP and somebody_listens():
                raise errors.ReaderDenied()
        self._check(code, "SCardEstablishContext")
        self._context = context
        self.reader = choose(self.port, self.readers())
        return self.reader

    def readers(self) -> tuple[str, ...]:
        code, names = self._scard.SCardListReaders(self._context, [])
        if code & 0xFFFFFFFF == errors.NO_READERS:
            return ()
        self._check(code, "SCardListReaders")
        return tuple(names)

    def look(self, known: Look | None, seconds: float) -> Look:
        """How the slot is; with ``known``, after at most so many seconds of waiting for something else."""
        end = Deadline.after(seconds)
        look = self._ask(UNAWARE, 0.0)
        while look == known and not (end.expired or self._cancelled):
            look = self._ask(self._word, end.remaining())
        return look

    def cancel(self) -> None:
        """End a ``look`` that waits, from another thread, and every later one."""
        self._cancelled = True
        if self._context is not None:
            self._scard.SCardCancel(self._context)

    def connect(self) -> bytes | None:
        """Power the card, for this program alone: its ATR. None where there is no card."""
        self.disconnect()
        both = PROTOCOL_T0 | PROTOCOL_T1
        code, card, protocol = self._scard.SCardConnect(self._context, self.reader, SHARE_EXCLUSIVE, both)
        if code & 0xFFFFFFFF in (errors.NO_CARD, 0x80100069):
            return None
        if code & 0xFFFFFFFF == errors.DENIED:
            self._ask(UNAWARE, 0.0)  # raises where pcscd has died
        self._check(code, "SCardConnect")
        self._card, self.protocol = card, protocol
        code, _, _, _, atr = self._scard.SCardStatus(card)
        self._check(code, "SCardStatus")
        return bytes(atr)

    def transmit(self, command: bytes) -> bytes:
        """One APDU. An answer that is none is looked into: CardPulled, or as it came."""
        if self._card is None:
            raise CardPulled(self.reader)
        pci = self._scard.SCARD_PCI_T0 if self.protocol == PROTOCOL_T0 else self._scard.SCARD_PCI_T1
        code, answer = self._scard.SCardTransmit(self._card, pci, list(command))
        self._check(code, "SCardTransmit")
        if len(answer) < 2 and self._has_left():
            raise CardPulled(self.reader)
        return bytes(answer)

    def disconnect(self) -> None:
        """Take the card's power. What pcscd says to that does not matter: the handle is gone either way."""
        card, self._card = self._card, None
        if card is not None:
            self._scard.SCardDisconnect(card, UNPOWER)

    def release(self) -> None:
        """End the context; harmless without one."""
        self.disconnect()
        context, self._context = self._context, None
        if context is not None:
            self._scard.SCardReleaseContext(context)

    def _ask(self, word: int, seconds: float) -> Look:
        """One SCardGetStatusChange: returns at once where the slot is not as ``word`` says."""
        code, states = self._scard.SCardGetStatusChange(self._context, int(seconds * 1000), [(self.reader, word)])
        if code & 0xFFFFFFFF not in (errors.TIMEOUT, errors.CANCELLED):
            self._check(code, "SCardGetStatusChange")
        _, event, atr = states[0]
        if event & (STATE_UNKNOWN | STATE_UNAVAILABLE):
            raise Unplugged(self.reader)
        self._word = event & ~STATE_CHANGED
        present, mute = bool(event & STATE_PRESENT), bool(event & STATE_MUTE)
        held = bool(event & (STATE_EXCLUSIVE | STATE_IN_USE)) and self._card is None
        return Look(present, bytes(atr) if present else b"", event >> 16 & 0xFFFF, mute, held)

    def _has_left(self) -> bool:
        """pcscd may need a moment to see that the card has left."""
        here = self.look(None, 0.0)
        return not here.present or not self.look(here, GONE_SETTLES).present

    def _check(self, code: int, call: str) -> None:
        if code != errors.SUCCESS:
            raise errors.failure(code, self.reader or self.port, call)


def somebody_listens() -> bool:
    """Whether there is a pcscd at all: it is there and hangs up, or its socket is closed to this user.

    pcscd tells a user whom polkit does not let in by closing the connection, without a word; libpcsclite makes of that
    "no service", "security violation" or "transport error", as it comes. So does a pcscd that is dying.
    """
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(KNOCK)
        try:
            door.connect(os.environ.get("PCSCLITE_CSOCK_NAME", SOCKET))
        except PermissionError:
            return True
        except OSError:
            return False
    return True


def choose(port: str, readers: Sequence[str]) -> str:
    """The reader that a profile's name means: the whole name, its only beginning, or, unnamed, the only reader.

    pcscd puts an index behind every name ("… 00 00") that depends on the order of plugging in, so the beginning alone
    is the better name where there is one reader of a make. Raises ReaderMissing, ReaderAmbiguous.
    """
    if port in readers:
        return port
    fitting = [name for name in readers if name.startswith(port)]
    if not fitting:
        raise errors.ReaderMissing(port, readers)
    if len(fitting) > 1:
        raise errors.ReaderAmbiguous(port, fitting)
    return fitting[0]
