"""What the audit log and the doctor say of where this terminal's secrets lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kiosk.health.readiness import Check, attention, broken, good
from kiosk.keystore import store
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import beside
from kiosk.keystore.tpm import pcrs_in

if TYPE_CHECKING:
    from kiosk.profile import KeysProfile

JOURNAL, TERMINAL, NEXT = "journal.key", "terminal.key", "terminal.key.next"
_NOTED = "keys.sources"  # meta: what the log was told last
_MOVE = "Stop the terminal and run: kiosk keys move --to {} --data {}"


class Log(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...

    def audit(self, event: str, /, **details: str | int) -> None: ...


def secrets_in(data: Path) -> list[Path]:
    """Where each secret of a terminal lies, without its form's suffix; the folder of the journal may be named, too."""
    data = data.parent if data.name == "journal" else data
    return [data / "journal" / JOURNAL, data / NEXT, data / TERMINAL]


def sources_in(data: Path) -> dict[str, str]:
    """The source of each secret that is there, by its name; ``file+tpm`` where a move was cut short."""
    found = {path.name: "+".join(one.name for one in store.forms(path)) for path in secrets_in(data)}
    return {name: source for name, source in found.items() if source}


def note_sources(log: Log, data: Path) -> None:
    """An audit row for each secret that lies elsewhere than the log was told last."""
    here = {name: source for name, source in sources_in(data).items() if name != NEXT}
    known = dict(pair.split("=") for pair in (log.meta(_NOTED) or "").split())
    for name, source in here.items():
        if known.get(name) != source:
            log.audit("keys.source", secret=name, source=source.replace("+", "-"))
    if here != known:
        log.set_meta(_NOTED, " ".join(f"{name}={source}" for name, source in here.items()))


def check(data: Path, wanted: KeysProfile, suite: str = "") -> list[Check]:
    """For `kiosk doctor`. ``suite``: of the enrolment, empty where there is none. Reads each secret once."""
    from kiosk import suites

    checks = []
    bare: list[str] = []
    words = "where they lie is not to be seen"
    try:
        here = sources_in(data)
        words = ", ".join(f"{name}: {source}" for name, source in here.items())
        for path in secrets_in(data):
            secret = store.load(path)
            bare += [path.name] if store.exposed(path) else []
            if path.name == TERMINAL and secret is not None:
                suite = suites.suite_name(secret) or suite
    except KeyUnavailable as error:
        return [broken("keys", f"{words}; {error}", error.advice)]
    except OSError as error:
        return [broken("keys", f"{words}; cannot be read: {error.strerror}", "Run as the terminal's user.")]
    if bare:
        advice = "The terminal does not use them so. Run chmod 600 on them, and judge who may have read them."
        checks.append(broken("keys", f"others may read {', '.join(bare)}", advice))
    elif not here:
        checks.append(attention("keys", "none yet", "They are made when the terminal starts."))
    elif any(source != wanted.source for source in here.values()):
        told = f"{words}; the profile says {wanted.source}"
        checks.append(attention("keys", told, _MOVE.format(wanted.source, data)))
    else:
        checks.append(good("keys", f"{words}{_said_of(data, wanted)}"))
    if suite and suite != wanted.suite:
        told = f"this terminal was enrolled with the suite {suite}; the profile says {wanted.suite}"
        advice = "Correct keys.suite; or let everything be sent, begin a new data folder and enrol the terminal anew."
        checks.append(broken("crypto suite", told, advice))
    elif here:
        checks.append(good("crypto suite", suite or wanted.suite))
    return checks


def _said_of(data: Path, wanted: KeysProfile) -> str:
    if wanted.source == "file":
        return "; who copies the disk has them: see kiosk/keystore/README.md"
    if wanted.source == "tpm":
        pcrs = {pcrs_in(beside(path, one)) for path in secrets_in(data) for one in store.forms(path)}
        return f"; bound to {', '.join(sorted(pcrs - {''}))}" if pcrs - {""} else "; bound to no measured state"
    return ""
