"""The pages of staff who ask to be let in, and of a terminal that serves nobody: never anything of a citizen's."""

from __future__ import annotations

from kiosk.access.entry import Challenge, Refused
from kiosk.visit.maintaining import until, way_of
from kiosk.visit.screen import EntryBody, NoticeBody
from kiosk.visit.states import State
from kiosk.visit.visit import Asking, Visit

UNDER_WORK = "under_work"
COUNTED = ("wrong-code", "wrong-pin")  # told with the tries that are left


def entry(visit: Visit) -> EntryBody:
    asking, way = visit.asking or Asking(), way_of(visit)
    told, refused = asking.challenge, asking.refused
    card, code = told is not None and told.card_offered, told is not None and told.digits != ""
    lies = visit.machine.staff_card
    return EntryBody(
        way=way,
        lead=_lead(way, told, lies=lies),
        card_lies=lies,
        card_possible=card,
        checking=asking.checking,
        terminal=told.terminal if told is not None and way == "code" else "",
        hour=told.hour if told is not None and way == "code" else "",
        challenge=told.digits if told is not None and way == "code" else "",
        problem=_problem(asking, way),
        attempts_left=_left(refused),
        locked_until=until(asking, way),
        other="" if not (card and code) or asking.checking else "code" if way == "card" else "card" if lies else "",
    )


def _lead(way: str, told: Challenge | None, *, lies: bool) -> str:
    if way == "code":
        return "shut" if told is not None and told.code_locked else way
    return "lay" if way == "card" and not lies else way


def _left(refused: Refused | None) -> int:
    if refused is None:
        return 0
    return min(each for each in (refused.attempts_left, refused.card_tries) if each is not None)


def _problem(asking: Asking, way: str) -> str:
    if way == "none":  # nothing can be typed; why not?
        return "closed" if asking.challenge is None else "unset"
    refused = asking.refused
    if refused is not None:
        return f"{refused.reason}.none" if refused.reason in COUNTED and not _left(refused) else refused.reason
    return "other-card-kind" if asking.other_card else ""


def closed(visit: Visit) -> NoticeBody:
    """Why nobody is served, until when as far as anybody has said, and where else one may go."""
    machine = visit.machine
    if visit.state not in (State.OUT_OF_SERVICE, State.UNDER_WORK):
        return NoticeBody()
    nearest = machine.nearest.of(visit.language)
    if visit.state is State.UNDER_WORK:
        return NoticeBody(UNDER_WORK, machine.expected, nearest)
    if machine.fault:
        return NoticeBody(machine.fault, "", nearest)
    if machine.power_low:
        return NoticeBody("battery_low", "", nearest)
    return NoticeBody(f"closed_{machine.closed}" if machine.closed else "", machine.expected, nearest)
