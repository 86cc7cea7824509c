"""Cases at the command line, for staff until they have a console: look at one, do something about it, list what is due.

Prints one JSON object a line, on the terminal of whoever asks: reasons may name persons. Raises BackendError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.backend.commanding import say, with_backend
from kiosk.backend.core import Backend
from kiosk.backend.lives import Act, Known
from kiosk.backend.settings import BackendError, Settings
from kiosk.domain.life import Deed, Lack, LifeError, Role, Stand
from kiosk.domain.text import Text
from kiosk.services.model import ServicePack

STAFF = (Role.COMMUNITY, Role.STREET, Role.DEPARTMENT)
NEAR_DAYS = 5  # calendar days ahead that the list of what is due looks


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done, as it was typed. ``role``: of whom it is; ``by``: who types it."""

    event: str
    by: str
    role: str = Role.DEPARTMENT.value
    reason: str = ""
    lacking: Sequence[str] = ()
    to: str = ""
    approval: str = ""


def case(settings: Settings, case_id: str, wanted: Wanted | None = None) -> int:
    """Does what is wanted, if anything, and shows the case as it stands then. Status 1: its chain does not hold."""

    def work(backend: Backend) -> bool:
        if wanted is not None:
            _act(backend, case_id, wanted)
        known = backend.lives.known(case_id)
        whole = backend.lives.chain_holds(case_id)
        found = known.stand(backend.now(), backend.lives.calendar())
        history = [
            {
                "at": each.at.isoformat(), "event": each.deed.value, "role": each.by.value, "by": each.who,
                "reason": each.reason.zh, "lacking": [lack.text.zh for lack in each.lacking], "to": each.to.zh,
                "approval": each.approval,
            }
            for each in known.events
        ]  # fmt: skip
        clocks = [
            {
                "name": clock.name, "days": clock.days, "from": clock.begun.isoformat(),
                "due": clock.due and clock.due.isoformat(), "left": clock.left, "state": clock.state.value,
                "calendar_ends": clock.calendar_ends and clock.calendar_ends.isoformat(),
            }
            for clock in found.standing.clocks
        ]  # fmt: skip
        check = backend.lives.check_of(case_id)
        later = check and dict(zip(("since", "found", "at"), check, strict=True))
        lacking, may = [lack.text.zh for lack in found.lacking], sorted(may.value for may in found.may)
        say(**_row(known, found), lacking=lacking, may=may, version=found.version, clocks=clocks, history=history,
             after_check=later, chain_holds=whole)  # fmt: skip
        return whole

    return 0 if with_backend(settings, work) else 1


def due(settings: Settings) -> int:
    """What is overdue or nearly so, the oldest first, one line each; status 1 where something is overdue."""

    def work(backend: Backend) -> bool:
        late = False
        for known, found in backend.lives.due(NEAR_DAYS):
            if found.overdue or found.near:
                late |= found.overdue
                say(**_row(known, found))
        return late

    return 1 if with_backend(settings, work) else 0


def _act(backend: Backend, case_id: str, wanted: Wanted) -> None:
    if not wanted.by.strip():
        raise BackendError("no-name", "say who does it: --by NAME")
    try:
        deed, role = Deed(wanted.event), Role(wanted.role)
    except ValueError:
        known = ", ".join(deed.value for deed in Deed if deed is not Deed.RECEIVED)
        raise BackendError("bad-event", f"say one of {known}") from None
    if role not in (*STAFF, Role.APPLICANT):
        raise BackendError("bad-role", "say --role community, street, department, or applicant for whom you write")
    pack = backend.lives.pack_of(case_id) if wanted.lacking else None
    act = Act(
        deed, role, wanted.by.strip(), _as_is(wanted.reason), tuple(_lack(text, pack) for text in wanted.lacking),
        _as_is(wanted.to), wanted.approval,
    )  # fmt: skip
    try:
        backend.lives.act(case_id, act)
    except LifeError as error:
        state = "" if error.state is None else f" (the case is {error.state.value})"
        raise BackendError(error.code, f"{error.advice}{state}") from error


def _lack(text: str, pack: ServicePack | None) -> Lack:
    """A material of the pack by its key, in both languages; anything else as it was typed."""
    material = None if pack is None else pack.material(text)
    return Lack(_as_is(text)) if material is None else Lack(material.label, material.key)


def _as_is(text: str) -> Text:
    return Text(text.strip(), text.strip())


def _row(known: Known, found: Stand) -> dict[str, object]:
    life = known.life
    return {
        "case": life.case_id, "case_no": life.case_no, "service": life.service_id, "terminal": life.terminal_id,
        "state": found.state.value, "since": found.since.isoformat(), "deemed": found.deemed,
        "due": found.due and found.due.isoformat(), "clock": found.clock, "overdue": found.overdue,
        "near": found.near,
    }  # fmt: skip
