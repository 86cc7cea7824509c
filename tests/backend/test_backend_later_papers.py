"""Papers of a later approval: made from the day on which a person approved, told at the next card read, taken once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk import wire
from kiosk.backend import certificates
from kiosk.backend.core import Backend
from kiosk.backend.lives import Act
from kiosk.domain.life_table import Deed, Role
from kiosk.domain.text import Text
from kiosk.seals.checking import check
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import cases_of
from tests.backend.test_backend_certificates import drawn_here, published, text_of
from tests.backend.test_backend_delivered import delivery
from tests.backend.test_backend_replay import ALLOWANCE, OLD, decided, push

__all__ = ["drawn_here"]  # a fixture
STORES = ("sqlite",)
STREET = "某街道办事处"
GRANTED = Text("符合高龄津贴条件。", "Granted.")
PROXY = {**ALLOWANCE, "applicant.role": "agent", "principal.name": "欧阳某某", "principal.number": "330102193504030018"}


@pytest.fixture
def office(server: Server) -> Backend:
    server.backend.seals.make(STREET)
    return server.backend


def applied(terminal: Terminal, answers: dict[str, str] = ALLOWANCE) -> wire.CasePayload:
    case = decided(terminal.number(), "elder_allowance", OLD, answers, papers=("household", "authority_letter"))
    assert case.outcome == "referred"
    assert push(terminal, case) == ["accepted"]
    return case


def approve(office: Backend, case: wire.CasePayload) -> None:
    office.lives.act(case.case_id, Act(Deed.APPROVED, Role.STREET, "李干事", GRANTED))


def owed(terminal: Terminal) -> list[wire.CasePaper | None]:
    return [case.paper for case in cases_of(terminal, OLD.number).cases]


def test_what_the_street_approved_is_told_to_its_terminal_sealed_once_and_taken_once(
    office: Backend, terminal: Terminal, new_terminal: Callable[..., Terminal], clock: Clock
) -> None:
    case, elsewhere = applied(terminal), new_terminal()
    office.certificates.run()
    assert owed(terminal) == [None], "nobody has approved"
    clock.move(days=3)
    office.arrived.clear()
    approve(office, case)
    assert office.arrived.is_set(), "its paper is made in the next quiet moment"
    assert office.certificates.run().made == 1
    assert owed(elsewhere) == [None], "it is printed where it was applied for"
    (paper,) = owed(terminal)
    assert paper is not None
    assert (paper.paper, paper.zh) == ("voucher", "高龄津贴审核通过告知单")
    got = terminal.send("GET", f"/v1/certificates/{case.case_id}")
    text = text_of(got.body)
    assert all(
        word in text for word in ("高龄津贴审核通过告知单", STREET, "2026年06月04日", "社会保障卡", "次月起发放")
    )
    assert "老人姓名" not in text, "who applies for themselves is named once"
    assert OLD.number not in text
    found = check(got.body, office.now(), vouched=published(office).seals)
    assert (found.verdict.value, found.authority) == ("genuine", STREET)
    assert terminal.send("GET", f"/v1/certificates/{case.case_id}").body == got.body
    assert office.certificates.run().made == 0, "once"
    terminal.push(delivery(terminal, case.case_id))
    assert owed(terminal) == [None]
    assert [event.deed for event in office.lives.known(case.case_id).events][-2:] == [Deed.APPROVED, Deed.DELIVERED]


def test_of_a_proxy_s_application_it_names_the_old_person_first_and_nothing_is_told_of_what_cannot_be_had(
    server: Server, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, cases = server.backend, [applied(terminal, PROXY) for _ in range(2)]
    for case in cases:
        approve(office, case)
    assert owed(terminal) == [None, None], "the street has no seal here"
    office.seals.make("另一机关")
    monkeypatch.setattr(certificates, "BATCH", 1)
    monkeypatch.setattr(certificates, "LOOKED_AT", 1)
    looks = [office.certificates.run(again=False).not_made for _ in range(4)]
    assert looks == [{"seal-missing": 1}, {"seal-missing": 1}, {}, {}], "one at a time, and each once"
    monkeypatch.setattr(office.seals, "samples", True)
    assert [paper.paper for paper in owed(terminal) if paper] == ["voucher", "voucher"]
    content = office.certificates.due(cases[0].case_id)
    assert content is not None
    assert [value for _, value in content.rows][:3] == ["欧阳某某", "3301 **** **** 0018", OLD.name]
    office.late.settle(cases[0].case_id, "revoked")
    assert sorted(paper is None for paper in owed(terminal)) == [False, True]
