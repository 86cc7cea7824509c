"""What a citizen does about a case that was made before (补材料, 撤回): which papers are asked for, and handing in.

Pure helpers for the pages of cases.py, for scanning and for the signature. A supplement is
signed, a withdrawal asked once more: nothing is handed in by one touch.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.case import Material
from kiosk.domain.envelope import Trust
from kiosk.domain.life import May
from kiosk.domain.my_case import Asked, MyCase, lacking
from kiosk.domain.text import EMPTY, Text
from kiosk.services.model import MaterialSpec
from kiosk.visit.effects import FindCases, HandIn, SaveRating
from kiosk.visit.states import State
from kiosk.visit.table import Result, go
from kiosk.visit.visit import Visit

JPEG = "image/jpeg"
RATED = (May.RATE, May.REPLY)  # errands that are done on the page of the rating
MOST_PAGES = 8  # of a paper of which this terminal's packs know nothing
HELP = Text("请把每一页都拍下来。", "Please take every page.")
REASONS = (
    Text("不想办了", "I no longer want it"),
    Text("填错了，要重新办", "Something is wrong: I will apply anew"),
    Text("已经在别处办了", "It was done elsewhere"),
)
"""Why somebody withdraws (说明理由是自愿的): nobody has to say."""


def list_cases(visit: Visit) -> Result:
    """The person's cases, looked up anew. Only for one who is certain."""
    if visit.document is None or visit.verification is None or not visit.certain:
        raise AssertionError("cases are shown to nobody before the identity is verified")
    return go(
        replace(visit, collecting=False, opened="", errand=None),
        State.CASES,
        FindCases(visit.document),
        cases=None,
        asked=Asked.ASKING,
    )


def opened(visit: Visit) -> MyCase:
    """The case that is open; only asked for on its pages."""
    found = find(visit, visit.opened)
    if found is None:
        raise AssertionError("no case is open")
    return found


def find(visit: Visit, case_id: str) -> MyCase | None:
    return next((case for case in visit.cases or () if case.case_id == case_id), None)


def asked_for(visit: Visit) -> tuple[MaterialSpec, ...]:
    """The papers that the office asks for, as they are scanned; what the pack says of one is used where it is here."""
    case = opened(visit)
    return tuple(_spec(visit, case, key, text) for key, text in lacking(case.progress))


def _spec(visit: Visit, case: MyCase, key: str, label: Text) -> MaterialSpec:
    pack = visit.machine.packs.get(case.progress.service_id)
    known = None if pack is None else next((spec for spec in pack.materials if spec.key == key), None)
    if known is None:
        return MaterialSpec(key, label, HELP, MOST_PAGES)
    return replace(known, label=label, required=False, reads={}, document="")


def complete(visit: Visit) -> bool:
    """Whether every paper that is asked for was scanned: they are handed in together."""
    return all(visit.pages.get(spec.key) for spec in asked_for(visit))


def scans(visit: Visit) -> tuple[Material, ...]:
    return tuple(
        Material(spec.key, JPEG, page, Trust.C) for spec in asked_for(visit) for page in visit.pages.get(spec.key, ())
    )


def hand_in(visit: Visit) -> Result:
    """Confirmed (a supplement: signed): saved by the terminal, whether there is a line or not."""
    if visit.document is None or visit.errand is None or visit.verification is None or not visit.certain:
        raise AssertionError("an errand needs a case, a document and a person who is certain")
    supplement = visit.errand is May.SUPPLEMENT
    pack = visit.machine.packs.get(opened(visit).progress.service_id)
    return go(
        visit,
        State.COMMITTING,
        HandIn(
            visit.document, opened(visit), visit.errand, scans(visit) if supplement else (), visit.strokes,
            EMPTY if supplement or visit.why < 0 else REASONS[visit.why], "" if pack is None else pack.item_code,
            visit.verification, visit.language, visit.machine.online,
        ),
    )  # fmt: skip


def word_added(visit: Visit) -> SaveRating:
    """The rating of the case that is open, where it has none yet, or what is added to it (追评)."""
    if visit.document is None or not visit.certain:
        raise AssertionError("an earlier case is rated by nobody before the identity is verified")
    one, first = opened(visit), visit.errand is May.RATE
    options = tuple(sorted(visit.options))
    return SaveRating(one.case_id, one.progress.case_no, "", visit.level, options, visit.document, first)


def page(visit: Visit) -> State:
    """The page on which the errand is put together: what the signature's way back leads to."""
    return State.SUPPLEMENT if visit.errand is May.SUPPLEMENT else State.WITHDRAW
