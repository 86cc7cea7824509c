"""How withdrawals and supplements are answered, and what cannot be one."""

from __future__ import annotations

import hashlib

from kiosk import wire
from kiosk.backend.lives import Act
from kiosk.backend.store.life_tables import deeds
from kiosk.domain.life import Deed, Role
from kiosk.domain.text import Text
from tests.backend.conftest import Server, Terminal
from tests.backend.lives_room import LACKING, case, rows, supplement, withdrawal

WHY = Text("不符合条件", "Does not meet the conditions")


def act(server: Server, case_id: str, deed: Deed, **more: object) -> None:
    server.backend.lives.act(case_id, Act(deed, Role.DEPARTMENT, "李工", **more))  # type: ignore[arg-type]


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
    sealed = b"a sealed page"
    digest = hashlib.sha256(sealed).hexdigest()
    more = supplement(terminal, item.id, attachments=[digest])
    assert [(each.status, each.reason) for each in terminal.push(more)] == [("retry", "attachment-missing")]
    assert answers(terminal) == []
    assert terminal.send("PUT", f"/v1/materials/{digest}", sealed).status == 200
    assert [each.status for each in terminal.push(more)] == ["accepted"]
    assert answers(terminal) == [(more.id, "done", "received")]
    terminal.push(late := supplement(terminal, item.id))
    assert answers(terminal)[-1] == (late.id, "not_asked", "received")
    act(server, item.id, Deed.APPROVED)
    terminal.push(later := supplement(terminal, item.id))
    assert answers(terminal)[-1] == (later.id, "too_late", "approved")
    assert server.backend.lives.chain_holds(item.id)


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
