"""A changed profile is tried, and goes by itself unless somebody confirms it: so that no terminal is locked out by it.

Beside the profile ``P`` lie ``P.before``, the file as it was, and ``P.trial``, the marker: the old bytes once more, a
hash of the new, how many starts were tried, and how it ended. The marker is written before the profile is, so that
whatever is killed in between, the next start knows what to do:

- the new profile has not been written: there is no trial;
- it keeps the terminal from starting, or STARTS starts did not bring a confirmation: the old one is put back before
  anything is read of the new;
- SECONDS of running (monotonic, whatever the wall clock does) are over without a word: the old one is put back, and the
  terminal restarts between two visits;
- somebody has changed the file by hand meanwhile: theirs counts, and there is no trial.

Failpoints: those of kiosk/durable.py.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kiosk.durable import put, sync_path

if TYPE_CHECKING:
    from kiosk.health.rounds import Job
    from kiosk.profile import Profile

SECONDS = 300.0
STARTS = 2  # a power cut within the five minutes costs one of them
LOOK_SECONDS = 5.0
BEFORE, MARKER = ".before", ".trial"
NOT_CONFIRMED, STARTED_OFTEN, REFUSED, BROKEN, ASKED = "not-confirmed", "starts", "refused", "cannot-start", "asked"
"""Why a trial was rolled back."""


class TrialError(Exception):
    """A profile that cannot be tried. ``code``: ``trial-runs``, ``not-writable``."""

    retryable = True

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code)
        self.code, self.advice = code, advice


@dataclass(frozen=True, slots=True)
class Marker:
    """``old``: the profile as it was, base64. ``new``: hex sha256 of the tried one. ``ended``: why it was rolled back,
    or "" while it is tried. ``who``: the number of the member of staff."""

    old: str
    new: str
    starts: int = 0
    ended: str = ""
    who: str = ""

    @property
    def bytes(self) -> bytes:
        import base64

        return base64.b64decode(self.old)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a start finds. ``trial``: the profile in place is on trial. ``ended``: why the last one was rolled back."""

    trial: Trial | None = None
    ended: str = ""
    who: str = ""


class Trial:
    """The trial of this life. Thread-safe: once it is confirmed or rolled back nothing else happens to it."""

    def __init__(self, file: Path, marker: Marker, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._marker, self._clock = file, marker, clock
        self._began = clock()
        self._lock = threading.Lock()
        self.over = False

    @property
    def who(self) -> str:
        return self._marker.who

    @property
    def left(self) -> float:
        """Seconds until it rolls back by itself."""
        return max(0.0, SECONDS - (self._clock() - self._began))

    @property
    def due(self) -> bool:
        return not self.over and self.left == 0.0

    def confirm(self) -> bool:
        """The new profile stays. False where it has been rolled back meanwhile."""
        with self._lock:
            if self.over:
                return False
            _drop(self._file)
            self.over = True
            return True

    def roll_back(self, reason: str) -> bool:
        """The old profile stands in its place; it holds from the next start on. False where it was confirmed."""
        with self._lock:
            if self.over:
                return False
            _restore(self._file, replace(self._marker, ended=reason))
            self.over = True
            return True


def begin(file: Path, new: bytes, who: str = "") -> None:
    """Put a checked profile on trial: the next start is its first. Raises TrialError; then the old one stands."""
    import base64

    if _read(file) is not None and standing_of(file).trial is not None:
        raise TrialError("trial-runs", "Confirm the profile that is tried now, or roll it back, before the next.")
    try:
        old = file.read_bytes()
        mode = stat.S_IMODE(file.stat().st_mode)
        marker = Marker(base64.b64encode(old).decode(), _hash(new), who=who)
        put(_beside(file, BEFORE), old)
        _write(file, marker)
        put(file, new)
        file.chmod(mode)
    except OSError as error:
        raise TrialError(
            "not-writable",
            f"{file} cannot be changed here ({error.strerror}): let the terminal's user write to {file.parent}, or "
            "change the file by hand.",
        ) from error


def writable(file: Path) -> bool:
    """Whether the profile can be changed here: its folder takes new files, because nothing is written over in place."""
    return os.access(file.parent, os.W_OK | os.X_OK)


def standing_of(file: Path, clock: Callable[[], float] = time.monotonic) -> Standing:
    """How it stands, without counting a start and without changing anything."""
    marker = _read(file)
    if marker is None:
        return Standing()
    if marker.ended:
        return Standing(ended=marker.ended, who=marker.who)
    trial = Trial(file, marker, clock) if _digest(file) == marker.new else None
    return Standing(trial, who=marker.who if trial is not None else "")


def at_start(file: Path, clock: Callable[[], float] = time.monotonic) -> Standing:
    """Before the profile is read: counts the start, or puts the old profile back. OSError where the disk takes nothing.

    A marker of an ended trial stays until it was told (``told``).
    """
    marker = _read(file)
    if marker is None:
        if _beside(file, MARKER).exists():  # nobody can tell any more what was tried: as it stands it stays
            _drop(file)
        return Standing()
    digest = _digest(file)
    if marker.ended:
        if digest == marker.new:  # killed between the two writes of a roll back
            _restore(file, marker)
        return Standing(ended=marker.ended, who=marker.who)
    if digest != marker.new:  # never written, or changed by hand meanwhile
        _drop(file)
        return Standing()
    if marker.starts >= STARTS:
        _restore(file, replace(marker, ended=STARTED_OFTEN))
        return Standing(ended=STARTED_OFTEN, who=marker.who)
    marker = replace(marker, starts=marker.starts + 1)
    _write(file, marker)
    return Standing(Trial(file, marker, clock), who=marker.who)


def load(file: Path) -> tuple[Profile, Standing]:
    """The profile that holds now: one on trial that cannot even be read is rolled back first. Raises ProfileError."""
    from kiosk import profile

    try:
        standing = at_start(file)
    except OSError as error:
        raise profile.ProfileError(
            f"{file}: a change of it was tried, and it cannot be put back ({error.strerror}); put {file.name}{BEFORE} "
            f"in its place and delete {file.name}{MARKER}"
        ) from error
    try:
        return profile.load(file), standing
    except profile.ProfileError:
        if standing.trial is None or not standing.trial.roll_back(REFUSED):
            raise
        return profile.load(file), Standing(ended=REFUSED, who=standing.who)


def told(file: Path) -> None:
    """That a trial was rolled back stands in the log now."""
    _drop(file)


class Log(Protocol):
    """The part of the journal used here."""

    def audit(self, event: str, /, **details: str | int) -> None: ...


class TrialWatch:
    """A job for kiosk.health.rounds: rolls back what nobody has confirmed in time, and has the terminal restart.

    ``restart``: between two visits; whether it can. Where it cannot the old profile holds from the next start on.
    """

    def __init__(self, trial: Trial, restart: Callable[[], bool]) -> None:
        self._trial, self._restart = trial, restart

    def job(self) -> Job:
        from kiosk.health.rounds import Job

        return Job(self.look, LOOK_SECONDS)

    def look(self) -> None:
        if self._trial.due and self._trial.roll_back(NOT_CONFIRMED):
            self._restart()  # whose first act tells the log: see `note_ended`


def note_ended(file: Path, standing: Standing, log: Log) -> None:
    """A life that finds that a trial was rolled back says so in the log, once."""
    if standing.ended:
        staff = {"staff": standing.who} if standing.who else {}
        log.audit("profile.rolled_back", reason=standing.ended, **staff)
        told(file)


# -- the files


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _digest(file: Path) -> str:
    try:
        return _hash(file.read_bytes())
    except OSError:
        return ""


def _hash(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _write(file: Path, marker: Marker) -> None:
    import json

    put(_beside(file, MARKER), json.dumps(asdict(marker)).encode("ascii"))


def _read(file: Path) -> Marker | None:
    """None where there is none, or none that can be read."""
    try:
        data = _beside(file, MARKER).read_bytes()
    except OSError:
        return None  # as at nearly every start: nothing more is imported for it
    import base64
    import json

    try:
        found = json.loads(data)
        if not isinstance(found, Mapping):
            return None
        marker = Marker(**found)
        base64.b64decode(marker.old, validate=True)
    except (ValueError, TypeError):
        return None
    return marker if isinstance(marker.starts, int) else None


def _restore(file: Path, marker: Marker) -> None:
    """The reason first: whoever is killed in between goes on from it."""
    _write(file, marker)
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o600
    put(file, marker.bytes)
    file.chmod(mode)


def _drop(file: Path) -> None:
    _beside(file, MARKER).unlink(missing_ok=True)
    sync_path(file.parent)
