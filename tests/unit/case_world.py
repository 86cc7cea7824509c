"""Cases of the person in front, in a test of the visit: made up, and a way to each of their pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from devices.contracts.camera import FaceMatched
from devices.contracts.document_camera import Page, PageSize
from kiosk.domain.codes import case_no
from kiosk.domain.life import Lack, May
from kiosk.domain.life_table import State as Life
from kiosk.domain.my_case import Asked, MyCase
from kiosk.domain.papers import PaperContent
from kiosk.domain.progress import Progress
from kiosk.domain.text import EMPTY, Text
from kiosk.visit import events as ev
from tests.unit.visit_world import PICTURE, TODAY, World, person

MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
LEASE, DEED = Text("租房合同（每一页）", "Lease (each page)"), Text("房产证", "Title deed")
NUMBER = case_no("140213", date(2026, 11, 20), 318)
PAGE = ev.PageTaken(Page(b"jpeg", 800, 600, PageSize.OTHER, 0, 0, 0, False, 0.0))


def case(state: Life = Life.ACCEPTED, *, may: tuple[May, ...] = (May.WITHDRAW,), case_id: str = "case", days: int = 1,
         **changes: Any) -> MyCase:  # fmt: skip
    known = {name: changes.pop(name) for name in list(changes) if name in Progress.__dataclass_fields__}
    progress = Progress(
        case_id, NUMBER, "first_residence_permit", EMPTY, state, TODAY - timedelta(days=days), may=frozenset(may)
    )
    return MyCase(replace(progress, **known), Text("居住证申领", "First permit"), fresh=True, **changes)


def lacking(**changes: Any) -> MyCase:
    lack = (Lack(LEASE, "lease"), Lack(DEED))
    may = (May.SUPPLEMENT, May.WITHDRAW)
    return case(Life.SUPPLEMENTING, may=may, **{"lacking": lack, "reason": Text("少了一页", "少了一页"), **changes})


def to_cases(world: World, *cases: MyCase, asked: Asked = Asked.TOLD) -> World:
    world.at_home().do(ev.CasesPressed(), ev.CardShown(person(), PICTURE), ev.FaceAgreed(), MATCHED)
    return world.do(ev.CasesFound(person().number, cases, asked))


def to_case(world: World, one: MyCase) -> World:
    return to_cases(world, one).do(ev.CaseChosen(one.case_id))


def to_errand(world: World, errand: May) -> World:
    """The page of a supplement or a withdrawal, where papers can be scanned."""
    return to_case(world, lacking()).do(able(world, document_camera=True), ev.ErrandPressed(errand))


def able(world: World, *, document_camera: bool) -> ev.AbilitiesChanged:
    return ev.AbilitiesChanged(dict(world.visit.machine.abilities), True, True, True, True, True, document_camera)


def receipt(case_id: str = "case", name: str = "withdraw") -> ev.HandedIn:
    return ev.HandedIn(PaperContent(name, "receipt", "receipt", "撤回申请回执", case_id, NUMBER, {}), TODAY)


def to_handed_in(world: World) -> World:
    return to_errand(world, May.WITHDRAW).do(ev.WithdrawConfirmed(), receipt())
