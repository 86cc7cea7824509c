"""A visit to the bundle 开小餐饮店 in a test: the pure machine, scripted answers, a count of what was asked, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from devices.contracts.camera import FaceMatched
from devices.contracts.document_camera import Page, PageSize
from devices.contracts.identity import IdentityDocument
from kiosk.domain.codes import id_check_digit
from kiosk.domain.place import Place
from kiosk.services.loader import load_builtin
from kiosk.services.model import QuestionKind
from kiosk.visit import events as ev
from kiosk.visit.effects import Commit
from kiosk.visit.screen import FormBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import PICTURE, SIGNATURE, World, person

BUNDLE = "open_small_restaurant"
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
ANSWERS: Mapping[str, str] = {
    "wants_utility": "apply", "wants_sign": "file", "trade": "small_restaurant", "shop_name": "小面馆",
    "premises": "南关街18号", "staff": "2", "phone": "13800000001", "menu": "noodles", "risky": "none",
    "area": "small", "health": "all", "kind": "both", "water_use": "middle", "gas_use": "stove", "pipe": "yes",
    "owner": "rented", "visit": "any", "sign_place": "above", "sign_size": "small", "sign_light": "lit",
}  # fmt: skip
READ = "山西省大同市平城区南关街18号底商"  # what stands in the paper that is scanned for the address


def holder(birth: date = date(1988, 5, 6), **changes: object) -> IdentityDocument:
    first = f"140213{birth:%Y%m%d}002"
    return person(birth=birth, number=first + id_check_digit(first), **changes)


def page_of(material: str) -> Page:
    return Page(material.encode(), 1240, 1754, PageSize.A4, 210, 297, 150, measured=True, captured_at=0.0)


@dataclass
class Asked:
    """What a visit put to the citizen: the questions in order, and the characters that had to be typed."""

    questions: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    typed: dict[str, int] = field(default_factory=dict)
    promises: list[str] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)


class BundleWorld(World):
    """Goes on from page to page as a citizen does; ``answers`` take the place of the usual ones."""

    def __init__(self, **machine: object) -> None:
        super().__init__(**({"packs": load_builtin(PLACE)} | machine))
        self.asked = Asked()

    def through(
        self, *, card: IdentityDocument | None = None, declines: frozenset[str] = frozenset(), service: str = BUNDLE,
        scans: frozenset[str] = frozenset(), found: ev.KnownFound | None = None,
        touches: Mapping[str, str] | None = None, **answers: str,
    ) -> BundleWorld:  # fmt: skip
        """To the review, answering all that is asked on the way; ``touches``: how a question is answered without a key,
        ``suggestion`` or ``scan``."""
        self.at_identify(service).do(
            ev.CardShown(card or holder(), PICTURE), *([found] if found else []), ev.FaceAgreed()
        )
        self.do(ev.FaceChecked(FaceMatched(0.3, 0.5)))
        known = {**ANSWERS, **answers}
        while self.state is not State.REVIEW:
            if self.state is State.FORM:
                self._answer(known, (touches or {}).get(self.visit.pack.questions[self.visit.question].key, ""))
            elif self.state is State.MATERIAL:
                self._hand_in(scans)
            else:
                self._promise(declines)
        return self

    def committing(self) -> Commit:
        """Reviewed and signed: what is asked of the counter."""
        self.do(ev.NextPressed(), ev.Signed(SIGNATURE))
        found = self.last(Commit)
        assert isinstance(found, Commit)
        return found

    def _answer(self, known: Mapping[str, str], touched: str = "") -> None:
        question = self.visit.pack.questions[self.visit.question]
        value = known[question.key]
        self.asked.questions.append(question.key)
        self.asked.titles.append(question.title.zh)
        if touched:
            self._touch(question.key, touched)
            assert not self.visit.complained, question.key
            return
        if question.kind is not QuestionKind.CHOICE:
            self.asked.typed[question.key] = len(value)
        self.do(ev.AnswerChanged(question.key, value), ev.NextPressed())
        assert not self.visit.complained, question.key

    def _touch(self, question: str, how: str) -> None:
        if how == "suggestion":
            body = screen_of(self.visit, 1, self.now).body
            assert isinstance(body, FormBody)
            last = min(1, len(body.suggestions) - 1)
            self.do(ev.SuggestionChosen(question, last), ev.NextPressed())
            return
        material = self.visit.pack.read_from(question)
        assert material is not None
        page = page_of(material.key)
        self.do(ev.ScanPressed(), ev.TakePressed(), ev.PageTaken(page), ev.NextPressed())
        read = {name: READ for key, name in material.reads.items() if key == question}
        self.do(ev.PageRead(material.key, read, page.jpeg), ev.ValueConfirmed(), ev.NextPressed())

    def _hand_in(self, scans: frozenset[str]) -> None:
        self.asked.papers.append(self.visit.material)
        if self.visit.material in scans:
            self.do(ev.TakePressed(), ev.PageTaken(page_of(self.visit.material)), ev.NextPressed())
        else:
            self.do(ev.MaterialSkipped())

    def _promise(self, declines: frozenset[str]) -> None:
        key = self.visit.promising
        self.asked.promises.append(key)
        if key in declines:
            self.do(ev.CommitmentDeclined())
            return
        terms = next(each for each in self.visit.pack.commitments if each.replaces == key)
        self.do(*(ev.ClauseToggled(index) for index in range(len(terms.clauses))), ev.NextPressed())
