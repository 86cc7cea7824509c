"""How withdrawals and supplements are answered, and what cannot be one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from kiosk import wire
from kiosk.backend import lives
from kiosk.backend.lives import AFAR_PERSONS, Act
from kiosk.backend.store.life_tables import deeds
from kiosk.backend.store.tables import alarms
from kiosk.domain.life import Deed, Role
from kiosk.domain.text import Text
from tests.backend.conftest import Server, Terminal
from tests.backend.lives_room import LACKING, case, rows, supplement, withdrawal

WHY = Text("不符合条件", "Does not meet the conditions")
PAGES = (("register", b"a sealed page"), ("lacking-1", b"another sealed page"))


def act(server: Server, case_id: str, deed: Deed, **more: object) -> None:
    server.backend.lives.act(case_id, Act(deed, Role.DEPARTMENT, "李工", **more))  # type: ignore[arg-type]


def put(terminal: Terminal) -> None:
    for _, data in PAGES:
        assert terminal.send("PUT", f"/v1/materials/{hashlib.sha256(data).hexdigest()}", data).status == 200


def answers(terminal: Terminal) -> list[tuple[str, str, str]]:
    """Item, answer and how its case stands, in the order in which they were told."""
    return [(word.deed, word.answer, word.state) for word in terminal.results().progress if word.deed]


def states(terminal: Terminal) -> list[str]:
    return [word.state for word in terminal.results().progress]


def test_after_the_decision_it_is_too_late_and_said_so(server: Server, terminal: Terminal) -> None:
    approved, refused = case(terminal, outcome="approved"), case(terminal)
    terminal.push(approved, refused)
    act(server, refused.id, Deed.REFUSED, reason=WHY)
    one, other = withdrawal(terminal, approved.id), withdrawal(terminal, refused.id)
    assert [each.status for each in terminal.push(one, other)] == ["accepted", "accepted"], "they did come"
    assert answers(terminal) == [(one.id, "too_late", "approved"), (other.id, "too_late", "refused")]
    assert {row.answer for row in rows(server, deeds)} == {"too_late"}
    assert [event.deed for event in server.backend.lives.known(refused.id).events][-1] is Deed.REFUSED


def test_a_trial_case_is_not_withdrawn_in_earnest(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    trial = withdrawal(terminal, item.id, test=True)
    terminal.push(item, trial)
    assert answers(terminal) == [(trial.id, "not_theirs", "")]


def test_what_was_lacking_comes_with_its_materials(server: Server, terminal: Terminal) -> None:
    terminal.push(item := case(terminal))
    act(server, item.id, Deed.SUPPLEMENT_ASKED, lacking=LACKING)
    more = supplement(terminal, item.id, pages=PAGES)
    assert [(each.status, each.reason) for each in terminal.push(more)] == [("retry", "attachment-missing")]
    assert answers(terminal) == []
    put(terminal)
    assert [each.status for each in terminal.push(more)] == ["accepted"]
    assert answers(terminal) == [(more.id, "done", "received")]
    terminal.push(late := supplement(terminal, item.id))
    assert answers(terminal)[-1] == (late.id, "not_asked", "received")
    act(server, item.id, Deed.APPROVED)
    terminal.push(later := supplement(terminal, item.id))
    assert answers(terminal)[-1] == (later.id, "too_late", "approved")
    assert server.backend.lives.chain_holds(item.id)


def test_a_supplement_that_does_not_bring_what_is_lacking_is_not_done(server: Server, terminal: Terminal) -> None:
    """Two things are lacking, one of them the register: no page, the register alone, two pages of something else."""
    terminal.push(item := case(terminal))
    act(server, item.id, Deed.SUPPLEMENT_ASKED, lacking=LACKING)
    put(terminal)
    lease = [("lease", data) for _, data in PAGES]
    tries = [supplement(terminal, item.id, pages=pages) for pages in ((), PAGES[:1], lease)]
    assert {each.status for each in terminal.push(*tries)} == {"accepted"}
    assert [answer[1:] for answer in answers(terminal)] == [("incomplete", "supplementing")] * 3
    assert [event.deed for event in server.backend.lives.known(item.id).events][-1] is Deed.SUPPLEMENT_ASKED
    terminal.push(whole := supplement(terminal, item.id, pages=PAGES))
    assert answers(terminal)[-1] == (whole.id, "done", "received")


def test_a_supplement_says_of_every_attachment_what_it_is(terminal: Terminal) -> None:
    terminal.push(item := case(terminal))
    put(terminal)
    names = [hashlib.sha256(data).hexdigest() for _, data in PAGES]
    bad = [
        supplement(terminal, item.id, attachments=names),
        supplement(terminal, item.id, pages=PAGES, attachments=[]),
        supplement(terminal, item.id, pages=PAGES, attachments=names[::-1]),
    ]
    assert {(each.status, each.reason) for each in terminal.push(*bad)} == {("rejected", "bad-envelope")}


def test_who_withdraws_many_cases_that_were_made_elsewhere_is_an_alarm(
    server: Server, new_terminal: Callable[[], Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some cases of one person, or those of three: so it goes. Of four, or more cases: somebody has to look."""
    monkeypatch.setattr(lives, "AFAR_CASES", most := 4)  # ten in earnest
    victim, few, persons, many = (new_terminal() for _ in range(4))
    numbers = [f"11010119900101{number:04d}" for number in range(AFAR_PERSONS + 1)]
    theirs = [case(victim, number) for number in numbers]
    own = [case(victim) for _ in range(most + 1)]
    victim.push(*own, *theirs)
    few.push(*(withdrawal(few, item.id) for item in own[:most]))
    victim.push(*(withdrawal(victim, item.id) for item in own))
    pairs = list(zip(numbers, theirs, strict=True))
    persons.push(*(withdrawal(persons, item.id, number) for number, item in pairs[1:]))
    assert rows(server, alarms) == []
    for _ in range(2):
        persons.push(withdrawal(persons, theirs[0].id, numbers[0]))
    many.push(*(withdrawal(many, item.id) for item in own))
    assert {row.answer for row in rows(server, deeds)} == {"done"}
    told = [(row.terminal_id, row.code) for row in rows(server, alarms)]
    assert told == [(persons.id, "foreign-withdrawals"), (many.id, "foreign-withdrawals")]


def test_one_that_overtakes_its_case_comes_again(terminal: Terminal) -> None:
    item = case(terminal)
    back = withdrawal(terminal, item.id)
    assert [(each.status, each.reason) for each in terminal.push(back)] == [("retry", "case-missing")]
    terminal.push(item)
    assert [each.status for each in terminal.push(back)] == ["accepted"]
    assert answers(terminal) == [(back.id, "done", "withdrawn")]


def test_what_cannot_be_one_is_refused(terminal: Terminal) -> None:
    terminal.push(item := case(terminal))
    bad = [
        withdrawal(terminal, item.id, ""),
        withdrawal(terminal, item.id, reason="长" * (wire.MAX_NOTE + 1)),
        withdrawal(terminal, "../etc", reason=""),
        withdrawal(terminal, item.id, format=2),
    ]
    assert {(each.status, each.reason) for each in terminal.push(*bad)} == {("rejected", "bad-envelope")}
    long = withdrawal(terminal, item.id)
    (answer,) = terminal.push(wire.SealedItem("1" * 41, long.kind, long.hash, long.sealed))
    assert answer.reason == "bad-id"


def test_a_process_that_ended_before_the_answer_gives_it_in_its_next_life(server: Server, terminal: Terminal) -> None:
    """Acknowledged, and killed right behind: what was sent is on the disk, and a quiet moment answers it."""
    backend = server.backend
    answer, backend._answer_deeds = backend._answer_deeds, lambda: None  # type: ignore[method-assign]
    terminal.push(item := case(terminal), back := withdrawal(terminal, item.id))
    assert answers(terminal) == []
    assert backend.gauges()["kiosk_deeds_waiting"] == 1
    backend._answer_deeds = answer  # type: ignore[method-assign]
    backend.lives.quiet_round(bool)
    assert answers(terminal) == [(back.id, "done", "withdrawn")]
    assert backend.gauges()["kiosk_deeds_waiting"] == 0
