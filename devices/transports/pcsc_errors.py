"""The ways PC/SC fails, by name: return codes of libpcsclite (pcsclite.h) as typed errors with advice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devices.contracts.device import Action, DeviceError
from devices.transports.slot import CardMute, CardPulled, NoAnswer
from devices.transports.stream import StreamError, Unplugged

POLKIT_RULE = "/etc/polkit-1/rules.d/50-kiosk-pcscd.rules"


class PcscMissing(StreamError):
    """pyscard is not installed, or a package of another author has taken its name."""

    def __init__(self) -> None:
        super().__init__(
            "pcsc-missing",
            "this terminal has no PC/SC library for Python (pyscard)",
            advice="Install the extra 'pcsc' (needs libpcsclite-dev and swig to build). The package called 'smartcard' "
            "is another one and must not be installed.",
            retryable=False,
            action=Action.CONFIGURE,
        )


SHOWN = 8  # names at most: a machine with more is told to ask pcscd


def _names(readers: Sequence[str]) -> str:
    """Readers as a profile names them. What a USB plug says of itself is shown with its control characters quoted."""
    if not readers:
        return "pcscd knows none at all."
    more = " and others (`pcsc_scan -r` lists them)" if len(readers) > SHOWN else ""
    return f"pcscd knows {', '.join(map(repr, readers[:SHOWN]))}{more}."


class PcscdGone(StreamError):
    """The daemon is not there, or went away and took every card handle with it."""

    def __init__(self) -> None:
        super().__init__(
            "pcscd-gone",
            "the smart card daemon (pcscd) is not running",
            advice="Start it: systemctl start pcscd.socket. It is taken up again by itself.",
            retryable=True,
        )


class ReaderMissing(StreamError):
    """pcscd knows no reader of that name."""

    def __init__(self, port: str, known: Sequence[str] = ()) -> None:
        super().__init__(
            "port-missing",
            f"pcscd knows no reader {port!r}" if port else "pcscd knows no reader",
            advice=f"Check that the reader is plugged in, and its name in the profile. {_names(known)}",
            retryable=True,
            action=Action.CONFIGURE,
        )


class ReaderAmbiguous(StreamError):
    """The name in the profile fits several readers."""

    def __init__(self, port: str, fitting: Sequence[str]) -> None:
        super().__init__(
            "port-ambiguous",
            f"{len(fitting)} readers fit the name {port!r}"
            if port
            else f"no reader is named, and there are {len(fitting)}",
            advice=f"Give the reader's whole name in the profile. {_names(fitting)}",
            retryable=False,
            action=Action.CONFIGURE,
        )


class ReaderBusy(StreamError):
    """Another program holds the card."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "port-busy",
            f"another program holds the card in {port}",
            advice="End the other program that uses this reader (a browser's PKCS#11 module, opensc, gpg-agent).",
            retryable=True,
            action=Action.CLEAR,
        )


class ReaderDenied(StreamError):
    """polkit, or the mode of its socket, does not let this user speak to pcscd or to cards."""

    def __init__(self) -> None:
        super().__init__(
            "port-denied",
            "this user may not use the smart card daemon (pcscd)",
            advice=f"Install the polkit rule for the service user as {POLKIT_RULE} (its text stands in "
            "devices/drivers/pcsc/README.md): actions org.debian.pcsc-lite.access_pcsc and access_card. "
            "Its socket /run/pcscd/pcscd.comm must be open to that user too; pcscd's log says why it hung up.",
            retryable=False,
            action=Action.CONFIGURE,
        )


class PcscFailed(StreamError):
    """A return code without a name of its own here."""

    def __init__(self, port: str, code: int, call: str) -> None:
        super().__init__(
            "pcsc-failed",
            f"pcscd failed at {port}: {call} returned {code & 0xFFFFFFFF:08X}",
            advice="Try again; have pcscd restarted if it stays so.",
            retryable=True,
        )


SUCCESS = 0x00000000
NO_SERVICE = 0x8010001D
CANCELLED = 0x80100002
TIMEOUT = 0x8010000A
NO_CARD = 0x8010000C
NO_READERS = 0x8010002E
UNKNOWN_READER = 0x80100009
RESET_CARD = 0x80100068
UNRESPONSIVE = 0x80100066
UNPOWERED = 0x80100067

_GONE = frozenset(
    {
        NO_SERVICE,  # nobody listens, or the connection has been lost before
        0x8010001E,  # E_SERVICE_STOPPED
        0x80100013,  # F_COMM_ERROR: the connection broke in this very call ("RPC transport error")
        0x80100003,  # E_INVALID_HANDLE: pcscd was started anew and knows nothing of this context or card
        0x80100001,  # F_INTERNAL_ERROR: what a pcscd that shuts down answers
        0x80100018,  # P_SHUTDOWN
    }
)
_BY_CODE: dict[int, Callable[[str], DeviceError]] = {
    UNKNOWN_READER: Unplugged,
    0x80100017: Unplugged,  # E_READER_UNAVAILABLE
    NO_READERS: Unplugged,
    NO_CARD: CardPulled,
    0x80100069: CardPulled,  # W_REMOVED_CARD
    RESET_CARD: CardPulled,  # another program reset it: nothing that was said before holds any more
    UNRESPONSIVE: CardMute,
    UNPOWERED: CardMute,
    0x80100016: CardMute,  # E_NOT_TRANSACTED
    0x8010000F: CardMute,  # E_PROTO_MISMATCH: it speaks neither T=0 nor T=1
    0x8010000B: ReaderBusy,  # E_SHARING_VIOLATION
    TIMEOUT: NoAnswer,
}
# W_SECURITY_VIOLATION. It is also what libpcsclite makes of a connection that pcscd has closed, by dying for example:
# by itself it is a refusal only where polkit is asked about the card.
DENIED = 0x8010006A
HUNG_UP = _GONE | {DENIED}  # what opening a context may give when pcscd closes the connection


def failure(code: int, port: str, call: str) -> DeviceError:
    """The named error of a return code that is not success. ``port`` is the reader's name."""
    code &= 0xFFFFFFFF  # pyscard gives signed numbers on some machines
    if code == DENIED and call == "SCardConnect":
        return ReaderDenied()
    if code in _GONE or code == DENIED:
        return PcscdGone()
    known = _BY_CODE.get(code)
    return known(port) if known else PcscFailed(port, code, call)
