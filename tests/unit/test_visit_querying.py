"""Querying: a register is asked about a person who is certain, its answer is reviewed; no answer is no answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.counter.abilities import abilities
from kiosk.domain.decision import Outcome, Verification
from kiosk.domain.envelope import Origin, Trust
from kiosk.domain.register import ANSWER, PROOF, SILENT, Answered, Silent
from kiosk.services import forms, rules
from kiosk.services.loader import builtin
from kiosk.services.model import Verdict
from kiosk.visit import events as ev
from kiosk.visit.effects import AskRegister, Commit
from kiosk.visit.screen import QueryBody, ReviewBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import PICTURE, TODAY, World, person

SOCIAL, HOUSING = "social_insurance_record", "no_housing_record"
HOLDER = replace(person(number="14021319580403001X"))
MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
RECORD = {ANSWER: "found", "insurance.kinds": "职工基本养老保险", "insurance.status": "正常参保",
          "insurance.first": "2014年03月", "insurance.months": "148", "insurance.until": "2026年10月"}  # fmt: skip


def at_query(service: str = SOCIAL) -> World:
    return World().at_consent(service).do(ev.FaceAgreed(), MATCHED)


def answered(values: dict[str, str], register: str = "social_insurance", number: str = "") -> ev.RegisterAnswered:
    return ev.RegisterAnswered(register, number or person().number, Answered(values, "2026-11-22 proof"))


def body(world: World) -> Any:
    return screen_of(world.visit, 1, world.now).body


def test_it_is_asked_once_the_person_is_certain_and_the_answer_is_reviewed_and_committed() -> None:
    world = at_query()
    assert world.state is State.QUERY
    assert world.last(AskRegister) == AskRegister("social_insurance", person())
    shown = body(world)
    assert isinstance(shown, QueryBody)
    assert (shown.problem, shown.elsewhere) == ("", "")
    world.do(answered(RECORD))
    assert world.state is State.REVIEW
    shown = body(world)
    assert isinstance(shown, ReviewBody)
    assert [(line.value, line.origin) for line in shown.lines][2:] == [
        ("查到参保记录", "register"), *((value, "register") for key, value in RECORD.items() if key != ANSWER)
    ]  # fmt: skip
    assert not any(line.editable for line in shown.lines)
    world.do(ev.NextPressed())
    commit = world.last(Commit)
    assert isinstance(commit, Commit)
    fields = {field.key: field for field in commit.envelope.fields}
    assert {fields[key].origin for key in (*RECORD, PROOF)} == {Origin.REGISTER}
    assert {fields[key].trust for key in RECORD} == {Trust.A}
    assert fields[PROOF].value == "2026-11-22 proof"


@pytest.mark.parametrize("service", [SOCIAL, HOUSING])
def test_without_a_network_the_guide_says_so_and_nothing_is_begun(service: str) -> None:
    world = World().at_home()
    told = abilities(
        world.visit.machine.packs, {}, online=False, enrolled=True, numbers_left=lambda kind: 50
    ).abilities[service]  # fmt: skip
    assert told.verdict is Verdict.CANNOT
    assert "line" in told.lacking
    world.do(ev.AbilitiesChanged({service: told}, False, True, True, True, True, True))
    world.do(ev.ServiceChosen(service), ev.NextPressed())
    assert world.state is State.GUIDE
    shown = body(world)
    assert "line" in shown.ability.lacking
    assert "要联网才能查" in shown.lead, "and why"


def test_nobody_is_asked_about_who_is_not_certain() -> None:
    world = World().at_consent(SOCIAL).do(ev.OtherWayChosen(""), ev.OtherWayChosen("later"))
    assert world.state is State.OTHER_WAY
    assert not body(world).later_possible
    assert world.started(AskRegister) == 0
    world.do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered("123456"), ev.StaffCodeChecked(True, 5, 0.0))
    assert world.state is State.QUERY
    assert world.visit.verification is Verification.STAFF


def test_who_was_to_be_compared_later_in_another_matter_is_compared_now() -> None:
    world = World().at_consent("pension_verification").do(ev.OtherWayChosen(""), ev.OtherWayChosen("later"))
    assert world.state is State.REVIEW
    pack = world.visit.machine.packs[SOCIAL]
    world.visit = replace(world.visit, service=pack, state=State.GUIDE)
    world.do(ev.NextPressed())
    assert world.state is State.CONSENT
    assert world.started(AskRegister) == 0


@pytest.mark.parametrize("cause", [*SILENT, "unreachable-backend", "too-many-requests", "stopped"])
def test_without_an_answer_it_says_so_keeps_nothing_and_asks_once_more(cause: str) -> None:
    world = at_query().do(ev.RegisterAnswered("social_insurance", person().number, Silent(cause)))
    assert world.state is State.QUERY
    shown = body(world)
    assert shown.problem in ("silent", "unfit", "not_connected", "line")
    assert (shown.problem == "not_connected") is (cause == "not-connected")
    assert "窗口" in shown.elsewhere
    assert world.visit.envelope.fields == ()
    world.do(answered(RECORD))
    assert world.state is State.QUERY, "what comes late is not taken for the answer that was given up"
    world.do(ev.NextPressed())
    assert world.started(AskRegister) == 2
    assert body(world).problem == ""
    world.do(answered({ANSWER: "none"}))
    assert world.state is State.REVIEW
    assert [line.value for line in body(world).lines][2:] == ["没有查到参保记录"]


@pytest.mark.parametrize(
    "values",
    [
        {}, {ANSWER: "perhaps"}, {"insurance.kinds": "x"}, RECORD | {"more": "x"}, {ANSWER: "found"},
        {ANSWER: "none", "insurance.kinds": "x"}, {key: RECORD[key] for key in list(RECORD)[:-1]},
    ],
)  # fmt: skip
def test_what_is_not_what_the_pack_names_is_no_answer(values: dict[str, str]) -> None:
    world = at_query().do(answered(values))
    assert (world.state, world.visit.problem) == (State.QUERY, "unfit")
    assert world.visit.envelope.fields == ()


def test_an_answer_about_another_person_or_of_another_register_is_not_taken() -> None:
    world = at_query().do(answered(RECORD, number="110101199001011237"), answered(RECORD, "real_estate"))
    assert (world.state, world.visit.problem) == (State.QUERY, "")
    world.do(ev.BackPressed())
    assert world.state is State.GUIDE
    before = world.visit
    world.do(answered(RECORD))
    assert world.visit == before, "nobody waits for it any more"


def test_who_leaves_or_takes_the_card_away_leaves_nothing() -> None:
    world = at_query().do(ev.CardGone())
    assert world.visit.card_missing
    world.do(ev.CardShown(person(), PICTURE), answered(RECORD), ev.QuitPressed())
    assert world.state is State.FAREWELL
    assert (world.visit.saved, world.visit.envelope.fields) == (False, ())
    other = at_query().do(ev.CardShown(person(number="110101199001011237"), PICTURE))
    assert (other.state, other.visit.reason) == (State.FAREWELL, "card_changed")


@pytest.mark.parametrize(
    ("service", "answer", "outcome"),
    [
        (SOCIAL, "found", Outcome.APPROVED), (SOCIAL, "none", Outcome.REFUSED),
        (HOUSING, "none", Outcome.APPROVED), (HOUSING, "found", Outcome.REFUSED),
        (SOCIAL, "", Outcome.REFERRED), (HOUSING, "", Outcome.REFERRED),
    ],
)  # fmt: skip
def test_the_table_decides_by_the_kind_of_the_answer(service: str, answer: str, outcome: Outcome) -> None:
    pack = builtin(service)
    envelope = at_query(service).visit.envelope.with_fields(forms.prefill(pack, HOLDER))
    facts = rules.facts_of(HOLDER, envelope, Verification.FACE, None, online=True, today=TODAY.date())
    facts = replace(facts, number_valid=True, answers={**facts.answers, ANSWER: answer})
    assert rules.decide(pack, facts).outcome is outcome


def test_the_certificate_of_no_housing_speaks_of_one_register_alone() -> None:
    (paper, *_) = builtin(HOUSING).papers
    assert "上列范围" in paper.body.zh
    assert "不表明在其他地方没有住房" in paper.notes[0].zh
    assert "scope" in paper.fields
