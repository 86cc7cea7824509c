"""A visit in a test: the pure machine, an injected clock, the built-in packs, made-up people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from devices.contracts.camera import FaceMatched
from devices.contracts.device import Action, Fault
from devices.contracts.identity import CardPhoto, DocumentKind, IdentityDocument
from devices.contracts.printing import NotPrinted, Printed, Unknown
from kiosk.domain.case import CaseDraft, new_case_id
from kiosk.domain.decision import Decision, FiredRule, Outcome, Rung
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import Text
from kiosk.domain.waiting import WaitingPaper, WaitingState
from kiosk.services.loader import load_builtin
from kiosk.services.model import Ability, Verdict
from kiosk.visit import events as ev
from kiosk.visit.delays import Delays
from kiosk.visit.effects import Commit, Effect
from kiosk.visit.states import State
from kiosk.visit.step import step
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Machine, Now, Visit

PENSION, BUSINESS = "pension_verification", "individual_business"
CHINA = timezone(timedelta(hours=8))
TODAY = datetime(2026, 11, 22, 2, 14, tzinfo=CHINA)
PICTURE = b"a picture, decoded"
SIGNATURE = (((0.1, 0.1), (0.5, 0.6), (0.8, 0.2)),)
JAM = Fault("media-jam", Action.CLEAR)


BORN = date(1958, 4, 3)


def person(*, birth: date = BORN, number: str = "140213195804030017", **changes: object) -> IdentityDocument:
    """A made-up holder; the number's check digit is not looked at here."""
    base = IdentityDocument(
        DocumentKind.RESIDENT, number, "王某某", "1", birth, date(2016, 5, 1), None, "01", "平城区南关街某号",
        "大同市公安局平城分局", photo=CardPhoto("wlt", b"\0" * 1024),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace itself


def waiting(
    paper: str = "licence", state: WaitingState = WaitingState.READY, printed: int = 0, *, taken: bool = False,
    case_no: str = "140213261122000003187",
) -> WaitingPaper:  # fmt: skip
    """A paper kept at an earlier visit."""
    kind = "certificate" if paper == "licence" else "receipt"
    content = PaperContent(paper, kind, paper, paper, "case", case_no, {"name": "南关小面馆"})
    return WaitingPaper(content, state, TODAY - timedelta(days=1), printed, taken)


class World:
    """Steps the machine and remembers effects; ``now`` moves only when a test moves it."""

    def __init__(self, **machine: object) -> None:
        packs = load_builtin()
        able = {pack_id: Ability(Verdict.CAN, ("hours",), ()) for pack_id in packs}
        settings: dict[str, object] = {
            "packs": packs, "delays": Delays.load(), "abilities": able, "online": True, "camera": True,
            "page_printer": True, "receipt_printer": True, "identity_reader": True,
        }  # fmt: skip
        self.now = Now(1000.0, TODAY)
        self.visit = Visit(machine=Machine(**(settings | machine)))  # type: ignore[arg-type]
        self.effects: list[Effect] = []
        self.passed: list[State] = [self.visit.state]

    def do(self, *happenings: ev.Event) -> World:
        for event in happenings:
            before = self.visit.state
            self.visit, effects = step(self.visit, event, self.now)
            self.effects.extend(effects)
            screen_of(self.visit, 1, self.now)  # every state that is reached can be shown
            if self.visit.state is not before:
                self.passed.append(self.visit.state)
        return self

    @property
    def state(self) -> State:
        return self.visit.state

    def last(self, kind: type) -> Effect:
        return next(effect for effect in reversed(self.effects) if isinstance(effect, kind))

    def started(self, kind: type) -> int:
        return sum(isinstance(effect, kind) for effect in self.effects)

    # -- shortcuts to a place in the flow ------------------------------------------------------------

    def at_home(self) -> World:
        return self.do(ev.Recovered(), ev.Started())

    def at_identify(self, service: str = BUSINESS) -> World:
        return self.at_home().do(ev.ServiceChosen(service), ev.NextPressed())

    def at_consent(self, service: str = BUSINESS) -> World:
        return self.at_identify(service).do(ev.CardShown(person(), PICTURE))

    def at_form(self) -> World:
        return self.at_consent().do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)))

    def found(self, *papers: WaitingPaper) -> World:
        """What lies here for the card that was read last."""
        return self.do(ev.PapersFound(person().number, papers))

    def at_collect(self, *papers: WaitingPaper) -> World:
        self.at_home().do(ev.CollectPressed(), ev.CardShown(person(), PICTURE)).found(*(papers or (waiting(),)))
        return self.do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)))

    def answer_all(self) -> World:
        answers = {
            "trade": "", "shop_name": "小面", "premises": "南关街18号", "staff": "", "phone": "13800000000",
        }  # fmt: skip
        for question in self.visit.pack.questions:
            value = answers.get(question.key) or question.options[0].value
            self.do(ev.AnswerChanged(question.key, value), ev.NextPressed())
        return self

    def agree_all(self) -> World:
        terms = self.visit.pack.commitment
        assert terms is not None
        return self.do(*(ev.ClauseToggled(index) for index in range(len(terms.clauses))), ev.NextPressed())

    def at_review(self) -> World:
        return self.at_form().answer_all().agree_all()

    def at_sign(self) -> World:
        return self.at_review().do(ev.NextPressed())

    def at_committing(self) -> World:
        return self.at_sign().do(ev.Signed(SIGNATURE))

    def at_outcome(self, *papers: str) -> World:
        return self.at_committing().do(self.committed(*(papers or ("licence", "receipt"))))

    def at_trouble(self) -> World:
        return self.at_outcome().do(ev.PaperEnded("licence", NotPrinted(JAM)), ev.PaperEnded("receipt", Printed(1)))

    def at_rate(self) -> World:
        return self.at_outcome().do(
            ev.PaperEnded("licence", Printed(1)), ev.PaperEnded("receipt", Printed(1)), ev.NextPressed()
        )

    def committed(self, *papers: str) -> ev.Committed:
        """The journal's answer to the commit that was asked for."""
        asked = self.last(Commit)
        assert isinstance(asked, Commit)
        rule = FiredRule("B-30", Text("材料齐全", "complete"), "《市场主体登记管理条例》")
        decision = Decision(Outcome.APPROVED, Rung.FINAL, asked.pack.pack_id, asked.pack.version, (rule,), True)
        draft = CaseDraft(
            new_case_id(), asked.pack.pack_id, asked.pack.item_code, asked.envelope, asked.verification, decision, (),
            asked.commitment, asked.started_at,
        )  # fmt: skip
        content = tuple(
            PaperContent(
                name, "certificate" if name == "licence" else "receipt", name, name, draft.case_id,
                "140213261122000003187", {},
            )
            for name in papers
        )  # fmt: skip
        return ev.Committed(draft, "140213261122000003187", decision, content, "92140213MA0000000X", datetime.now(UTC))


NOT_PRINTED, UNKNOWN, PRINTED = NotPrinted(JAM), Unknown(JAM), Printed(1)
