"""What a case says to a mapping, step by step."""

from __future__ import annotations

from kiosk.backend.connectors.letters import _supplements
from kiosk.backend.connectors.view import NAMES, View, known, view
from kiosk.domain.life import Deed, LifeEvent, Role
from kiosk.domain.text import Text
from kiosk.wire import PayloadMaterial, SupplementPayload
from tests.unit.connectors.connector_world import NOON, STEP, filled, life, told, views

PAPER = PayloadMaterial("household", "image/jpeg", "0" * 64, "0" * 64, "C")


def at(*deeds: Deed) -> View:
    events = [LifeEvent(Deed.RECEIVED, NOON, Role.SYSTEM)]
    for deed in deeds:
        words = {"reason": Text("有理由", "A reason"), "to": Text("民政局", "Civil affairs")}
        events.append(LifeEvent(deed, events[-1].at + STEP, Role.DEPARTMENT, **words))  # type: ignore[arg-type]
    return view(told("elder_allowance", events))


def test_every_name_that_a_case_says_is_on_the_list() -> None:
    for each in views("individual_business"):
        for name in each.names:
            assert name in NAMES or known(name), name


def test_a_case_is_taken_up_once_by_word_or_by_its_decision() -> None:
    assert "accepted" in at(Deed.ACCEPTED).moments
    assert "accepted" not in at(Deed.ACCEPTED, Deed.APPROVED).moments
    decided = at(Deed.APPROVED)
    assert {"accepted", "handed", "decided", "approved"} <= decided.moments
    assert decided.names["life.accepted"] == decided.names["life.decided"] == "2026-06-02 13:00:00"
    assert "accepted" not in at(Deed.NOT_ACCEPTED).moments
    assert "life.accepted" not in at(Deed.NOT_ACCEPTED).names


def test_an_office_has_it_from_the_first_handing_on() -> None:
    assert "handed" in at(Deed.FORWARDED).moments
    assert "handed" not in at(Deed.FORWARDED, Deed.ACCEPTED).moments
    assert "accepted" in at(Deed.FORWARDED, Deed.ACCEPTED).moments


def test_a_hold_is_told_whole_when_it_ends() -> None:
    names = at(Deed.ACCEPTED, Deed.HOLD_STARTED, Deed.HOLD_ENDED).names
    assert (names["hold.began"], names["hold.ended"]) == ("2026-06-03 14:00:00", "2026-06-04 15:00:00")
    assert (names["hold.kind"], names["hold.reason"]) == ("hold", "有理由")


def test_a_case_that_nobody_answered_was_accepted_on_the_day_of_receipt() -> None:
    events = [LifeEvent(Deed.RECEIVED, NOON, Role.SYSTEM), LifeEvent(Deed.APPROVED, NOON + 15 * STEP, Role.DEPARTMENT)]
    names = view(told("elder_allowance", events)).names
    assert names["life.accepted"] == "2026-06-01 12:00:00"
    assert names["life.decided"].startswith("2026-06-17")


def test_who_did_it_is_named_or_at_least_what_he_is() -> None:
    pack = filled("elder_allowance")[0]
    steps = [each.names["event.who"] for each in views("elder_allowance")][: len(life(pack))]
    assert steps == ["系统", "钱某", "申请人", "赵某", "赵某", "赵某", "李某"]


def test_papers_that_were_handed_in_later_are_told_from_then_on() -> None:
    events = life(filled("elder_allowance")[0])
    sent = [(object(), SupplementPayload("c", "n", "", [PAPER, PAPER]))]
    assert _supplements(events[:2], sent) == []
    later = _supplements(events[:3], sent)
    papers = view(told("elder_allowance", events[:4], supplements=later)).each["materials"]
    assert [(each["material.name"], each["material.pages"]) for each in papers] == [
        ("申请人签名", "1"),
        ("户口簿", "3"),
    ]
