"""How failures are told apart and how long to wait after each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from random import Random

from kiosk.domain.window import Window


class Failure(Enum):
    """Whose fault it is decides what happens to the queue."""

    ITEM = "item"  # this request will never be taken as it is: set aside, go on with the rest
    SERVER = "server"  # the backend cannot or will not now: everything waits
    NETWORK = "network"  # the backend was not reached, or something else answered: everything waits


class SyncFailure(Exception):
    """An exchange that brought nothing. ``cause`` is a short stable code; ``advice`` is for the operator.

    ``stale``: the connection had only been kept too long, another may be tried at once.
    """

    def __init__(self, kind: Failure, cause: str, advice: str = "", *, stale: bool = False) -> None:
        super().__init__(f"{kind.value}: {cause}")
        self.stale = stale
        self.kind = kind
        self.cause = cause
        self.advice = advice or _ADVICE.get(cause, "")

    @property
    def retryable(self) -> bool:
        return self.kind is not Failure.ITEM


LOG_ADVICE = (
    "The backend knows another audit log of this terminal: change nothing, run kiosk log verify, call the operator."
)

_ADVICE = {
    "captive-portal": "Something on the network answers in the backend's place: log in to it, or change the network.",
    "bad-signature": "The answer was not signed by this terminal's backend: check address and proxy.",
    "bad-ack": "The backend's acknowledgement does not fit what was sent: tell the operator of the backend.",
    "bad-offset": "The backend counts the bytes of an upload wrongly: tell the operator of the backend.",
    "bad-keys": "The backend's newer keys do not follow from the one this terminal knows: tell its operator.",
    "bad-time": "This machine's clock and the backend's are a lifetime apart: set the one that is wrong.",
    "bad-receipt": "The backend's receipt for the log does not fit what was sent: tell the operator of the backend.",
    "log-went-back": LOG_ADVICE,
    "log-forked": LOG_ADVICE,
    "log-re-signed": LOG_ADVICE,
    "log-replaced": LOG_ADVICE,
    "log-key": LOG_ADVICE,
    "log-signature": LOG_ADVICE,
    "too-many-reserved": "The backend gives no more numbers until the cases that bear the earlier ones have arrived.",
    "numbers-exhausted": "The backend has no numbers of this kind left: call its operator.",
    "refused": "Nothing listens at the backend's address.",
    "dns": "The backend's name is not known here: check name and network.",
    "tls": "The backend's certificate does not hold: check name and authority (backend.roots in the profile).",
    "clock": "This machine's clock is wrong, so the backend's certificate seems out of date: set the clock.",
    "certificate-date": "The backend's certificate has run out, or is not valid yet: call the backend's operator.",
    "roots": "The file of trusted roots cannot be used: correct backend.roots in the profile.",
    "stalled": "The line is up and nothing moves on it.",
    "suite-not-served": "This backend has no keys of this terminal's crypto suite: correct keys.suite in the profile, "
    "or have the backend started with --suite.",
    "suite-differs": "A key is of another crypto suite than this terminal: enrol it anew to change the suite.",
    "unknown-terminal": "The backend does not know this terminal: enrol it.",
    "terminal-revoked": "The terminal was withdrawn: call the operator.",
    "not-enrolled": "Enrol the terminal with a one-time code.",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Numbers of the sync. Times in seconds, sizes in bytes."""

    batch: int = 200  # items of one push
    batch_bytes: int = 1024 * 1024  # sealed bytes of one push: what both ends hold in memory, several times over
    attempt: float = 20.0  # one exchange, connecting included
    stall: float = 20.0  # in an exchange, without a byte that moves
    upload_rate: int = 32 * 1024  # bytes a second that a slow line is granted on top
    first_part: int = 64 * 1024  # bytes of a material sent at once, as long as nothing is known of the line,
    least_part: int = 16 * 1024  # where it is bad,
    largest_part: int = 1024 * 1024  # and where it is good
    first_wait: float = 2.0
    longest_wait: float = 300.0
    idle: float = 45.0  # between two exchanges with nothing to send
    kick_spacing: float = 1.0  # between two attempts that a commit asked for while the line is down
    faults_borne: int = 5  # good passes in which one item made the backend fail, until it is set aside
    overdue: float = 86_400.0  # s that an item may wait until that is an alarm
    pictures: Window | None = None  # when items with large materials may go; None: at once
    key_life: float = 365 * 86_400.0  # s after which the terminal's own key is changed, by a clock that may be believed
    low_water: int = 50  # numbers left when a new block is asked for
    block: int = 200

    def allowance(self, size: int) -> float:
        """Total deadline of one exchange with ``size`` bytes to send."""
        return self.attempt + size / self.upload_rate

    def wait(self, failures: int, rng: Random) -> timedelta:
        """After the ``failures``-th failure in a row: doubling, up to the longest, half of it by chance.

        The chance keeps a town's terminals from coming back all in the same second.
        """
        full = min(self.longest_wait, self.first_wait * 2.0 ** min(failures - 1, 30))
        return timedelta(seconds=full * (0.5 + 0.5 * rng.random()))
