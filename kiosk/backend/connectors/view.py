"""What a case says to a mapping: names and their values, all texts. Pure: a case, its life and its pack in, names out.

Moments are texts in Beijing time, ``YYYY-MM-DD HH:MM:SS``; a name that a case does not have is not there. What may be
named at all is `NAMES` and `EACH`; ``field.KEY`` are the envelope's, ``office.KEY`` the operator's file's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from kiosk.domain.beijing import CHINA
from kiosk.domain.life import Deed, LifeEvent, Role, Stand
from kiosk.services.model import ServicePack
from kiosk.wire import CasePayload, PayloadMaterial

NAMES = frozenset({
    "case.no", "case.id", "case.service", "case.item_code", "case.catalog_code", "case.area", "case.terminal",
    "case.uscc", "case.outcome", "case.verification", "case.kind", "case.applied", "case.channel",
    "applicant.name", "applicant.number", "applicant.address", "applicant.document", "applicant.type",
    "applicant.phone",
    "pack.name", "pack.version", "pack.number", "pack.authority", "pack.badge",
    "event.deed", "event.role", "event.at", "event.began", "event.title", "event.who", "event.reason", "event.to",
    "event.lacking",
    "life.received", "life.accepted", "life.decided", "life.promised", "life.state", "life.status",
    "hold.kind", "hold.name", "hold.reason", "hold.began", "hold.ended",
    "rating.level", "rating.options", "rating.text", "rating.at", "rating.number", "rating.anonymous",
    "row.guid", "row.at", "row.batch", "row.operation",
})  # fmt: skip
EACH = {
    "materials": frozenset(
        {"material.name", "material.kind", "material.pages", "material.file", "material.trust", "material.got"}
    ),
    "licences": frozenset({"licence.id", "licence.name", "licence.type_code", "licence.issued", "licence.version"}),
}
OPEN = re.compile(r"(?:field|office)\.[a-z][a-z0-9_.]*")
MOMENTS = (
    "any",
    "handed",
    "accepted",
    "decided",
    "licensed",
    "rated",
)  # beside the deeds themselves: what a row may be made on
DECIDED = (Deed.APPROVED, Deed.REFUSED, Deed.NOT_ACCEPTED, Deed.WITHDRAWN, Deed.VOIDED, Deed.ANSWERED)
_TAKEN_UP = (Deed.ACCEPTED, Deed.APPROVED, Deed.REFUSED, Deed.ANSWERED)
_WHO = {
    Role.SYSTEM: "系统",
    Role.APPLICANT: "申请人",
    Role.COMMUNITY: "社区",
    Role.STREET: "街道",
    Role.DEPARTMENT: "部门",
}
_PHONES = ("phone", "contact_phone", "applicant.phone")
_KINDS = {"signature": "申请人签名", "commitment": "告知承诺书"}  # materials that no pack names
_TITLES = {Deed.EXTENDED: ("extended", "延长审批"), Deed.HOLD_ENDED: ("hold", "特别程序")}


@dataclass(frozen=True, slots=True)
class Licence:
    """An electronic licence that was made of the case. ``issued``: aware."""

    licence_id: str
    name: str
    type_code: str
    issued: datetime
    version: int = 1


class Rating(Protocol):
    """One rating as it goes up: what kiosk/backend/ratings knows of it. ``number``: 1 the first, 2 what was added."""

    @property
    def level(self) -> int: ...
    @property
    def options(self) -> Sequence[str]: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def number(self) -> int: ...
    @property
    def anonymous(self) -> bool: ...


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """A case at one step of its life. ``events`` up to and with that step; ``stand``: as it stood then."""

    case: CasePayload
    events: Sequence[LifeEvent]
    stand: Stand
    pack: ServicePack | None
    area: str
    terminal: str
    item_code: str = ""  # the locality's, in place of the pack's
    licences: Sequence[Licence] = ()  # with any, it is these that go up, not a step of the life
    rating: Rating | None = None
    supplements: Sequence[PayloadMaterial] = ()  # papers that the applicant handed in later, up to that step


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """``moments``: what this step is, by the words that mappings use; ``each``: what rows are made for one by one."""

    names: Mapping[str, str]
    moments: frozenset[str]
    each: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


def known(name: str, each: str = "") -> bool:
    """Whether a mapping may name this; ``each``: what its rows are made for."""
    return name in NAMES or name in EACH.get(each, ()) or OPEN.fullmatch(name) is not None


def view(told: Told) -> View:
    names = _case(told) | _life(told) | _event(told)
    if told.rating is not None:
        return View(names | _rating(told.rating), frozenset({"rated"}), {})
    if told.licences:
        return View(names, frozenset({"licensed"}), {"licences": _licences(told)})
    return View(names, frozenset(_moments(told)), {"materials": _materials(told)})


def moment(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _case(told: Told) -> dict[str, str]:
    case, pack = told.case, told.pack
    item = told.item_code or case.item_code
    fields = {f"field.{each.key}": each.value for each in case.fields}
    phone = next((fields[f"field.{key}"] for key in _PHONES if fields.get(f"field.{key}")), "")
    names = {
        "case.no": case.case_no, "case.id": case.case_id, "case.service": case.service_id, "case.item_code": item,
        "case.catalog_code": item[19:31], "case.area": told.area, "case.terminal": told.terminal,
        "case.uscc": case.uscc, "case.outcome": case.outcome, "case.verification": case.verification,
        "case.applied": moment(told.events[0].at), "case.channel": "terminal",
        "applicant.name": fields.get("field.applicant.name", ""),
        "applicant.number": fields.get("field.applicant.number", ""),
        "applicant.address": fields.get("field.applicant.address", ""),
        "applicant.document": case.facts.document if case.facts is not None else "", "applicant.type": "person",
        "applicant.phone": phone,
    }  # fmt: skip
    if pack is not None:
        names |= {
            "pack.name": pack.name.zh, "pack.version": pack.version, "pack.number": _number(pack.version),
            "pack.authority": pack.authority.zh, "pack.badge": pack.badge.zh,
            "case.kind": "promised" if pack.decides.days else "instant",
        }  # fmt: skip
    return {name: value for name, value in (fields | names).items() if value}


def _number(version: str) -> str:
    """A pack's version as one number that grows with it: 1.2.3 is 10203."""
    parts = [int(part) for part in re.findall(r"\d+", version)[:3]]
    return str(sum(part * 100 ** (2 - place) for place, part in enumerate(parts)))


def _life(told: Told) -> dict[str, str]:
    stand, events = told.stand, told.events
    decided = next((event for event in reversed(events) if event.deed in DECIDED), None)
    accepted = _accepted(events, stand)
    promised = stand.standing.clock("whole") or stand.standing.clock("promise")
    names = {
        "life.received": moment(events[0].at), "life.state": stand.state.value,
        "life.accepted": "" if accepted is None else moment(accepted),
        "life.decided": "" if decided is None else moment(decided.at),
        "life.promised": _end_of(promised.due) if promised is not None and promised.due is not None else "",
        "life.status": "done" if decided is not None else "waiting" if accepted is None else "accepted",
    }  # fmt: skip
    return {name: value for name, value in names.items() if value}


def _accepted(events: Sequence[LifeEvent], stand: Stand) -> datetime | None:
    """When it was accepted, by word or by its decision; of one that counts as accepted, the beginning of that day.

    A case that was refused acceptance, or taken back before, never was.
    """
    said = next((event for event in events if event.deed in _TAKEN_UP), None)
    if said is not None and (said.deed is Deed.ACCEPTED or not stand.deemed):
        return said.at
    if stand.deemed and stand.standing.accepted is not None:
        day = stand.standing.accepted
        return max(events[0].at, datetime(day.year, day.month, day.day, tzinfo=CHINA))
    return None


def _end_of(day: date) -> str:
    return f"{day.isoformat()} 23:59:59"


def _event(told: Told) -> dict[str, str]:
    event = told.events[-1]
    before = told.events[-2].at if len(told.events) > 1 else event.at
    names = {
        "event.deed": event.deed.value, "event.role": event.by.value, "event.at": moment(event.at),
        "event.began": moment(before),
        "event.title": event.deed.title.zh, "event.who": event.who or _WHO[event.by], "event.reason": event.reason.zh,
        "event.to": event.to.zh, "event.lacking": "；".join(each.text.zh for each in event.lacking),
    }  # fmt: skip
    if event.deed in _TITLES:
        names |= _hold(told.events)
    return {name: value for name, value in names.items() if value}


def _hold(events: Sequence[LifeEvent]) -> dict[str, str]:
    event = events[-1]
    kind, title = _TITLES[event.deed]
    started = next((each for each in reversed(events) if each.deed is Deed.HOLD_STARTED), event)
    began = started if event.deed is Deed.HOLD_ENDED else event
    return {
        "hold.kind": kind, "hold.name": title, "hold.reason": began.reason.zh, "hold.began": moment(began.at),
        "hold.ended": moment(event.at),
    }  # fmt: skip


def _moments(told: Told) -> set[str]:
    """``accepted`` is the first step by which a case is taken up, whether its deed says so or a decision implies it;
    ``handed`` that, or the first handing on: from then on an office has it.
    """
    event, before = told.events[-1], told.events[:-1]
    found = {event.deed.value, "any"} - {"accepted"}
    if event.deed in _TAKEN_UP and not any(each.deed in _TAKEN_UP for each in before):
        found.add("accepted")
    handed = (*_TAKEN_UP, Deed.FORWARDED)
    if event.deed in handed and not any(each.deed in handed for each in before):
        found.add("handed")
    if event.deed in DECIDED:
        found.add("decided")
    return found


def _materials(told: Told) -> list[dict[str, str]]:
    kinds: dict[str, list[PayloadMaterial]] = {}
    for each in (*told.case.materials, *told.supplements):
        kinds.setdefault(each.kind, []).append(each)
    found = []
    for kind, pages in kinds.items():
        spec = None if told.pack is None else told.pack.material(kind)
        ending = pages[0].media_type.rpartition("/")[2].partition(";")[0] or "bin"
        found.append({
            "material.name": _KINDS.get(kind, kind) if spec is None else spec.label.zh, "material.kind": kind,
            "material.pages": str(len(pages)), "material.file": f"{told.case.case_no}-{kind}.{ending}",
            "material.trust": pages[0].trust, "material.got": "scanned",
        })  # fmt: skip
    return found


def _licences(told: Told) -> list[dict[str, str]]:
    return [
        {
            "licence.id": each.licence_id, "licence.name": each.name, "licence.type_code": each.type_code,
            "licence.issued": moment(each.issued), "licence.version": str(each.version),
        }
        for each in told.licences
    ]  # fmt: skip


def _rating(rating: Rating) -> dict[str, str]:
    names = {
        "rating.level": str(rating.level), "rating.options": ",".join(rating.options), "rating.text": rating.text,
        "rating.at": moment(rating.at), "rating.number": str(rating.number),
        "rating.anonymous": "yes" if rating.anonymous else "no",
    }  # fmt: skip
    return {name: value for name, value in names.items() if value}
