"""That a certificate was taken along: reported by its terminal, once, from the moment that it lay in the tray."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kiosk import wire
from kiosk.backend.lives import Act
from kiosk.domain.life import Deed, Role
from kiosk.domain.text import Text
from kiosk.services.loader import builtin
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import case, deed
from tests.backend.test_backend_lives_begun import history

CARD = builtin("elder_card")
WHY = Text("办错了", "Issued by mistake")


def card(terminal: Terminal, **change: object) -> wire.SealedItem:
    """A matter with a certificate, approved on the spot."""
    usual = {"service_id": CARD.pack_id, "pack_id": CARD.pack_id, "pack_version": CARD.version,
             "outcome": "approved", "rung": "final"}  # fmt: skip
    return case(terminal, **(usual | change))


def delivery(terminal: Terminal, case_id: str, at: str = "", **change: object) -> wire.SealedItem:
    said = wire.DeliveryPayload(case_id, "certificate", at or terminal.clock().isoformat(), **change)  # type: ignore[arg-type]
    return deed(terminal, "delivery", said)


def answers(terminal: Terminal) -> list[tuple[str, str]]:
    return [(word.deed, word.answer) for word in terminal.results().progress if word.deed]


def test_a_case_with_a_certificate_is_owed_it_until_it_was_taken(server: Server, terminal: Terminal) -> None:
    terminal.push(item := card(terminal))
    assert history(server, item.id) == ["received", "approved"]
    owed = server.backend.lives.known(item.id)
    assert owed.life.due != "", "the days of 行政许可法 第四十四条 run"
    assert [event.reason.zh for event in owed.events[1:]] == ["在自助终端当场决定。"]
    [taken] = terminal.push(told := delivery(terminal, item.id))
    assert taken.status == "accepted"
    assert history(server, item.id) == ["received", "approved", "delivered"]
    assert server.backend.lives.known(item.id).life.due == ""
    assert answers(terminal) == [(told.id, "done")]
    assert server.backend.lives.chain_holds(item.id)


def test_it_holds_from_the_moment_it_came_out_however_late_that_is_told(
    server: Server, terminal: Terminal, clock: Clock
) -> None:
    """Collected without a line, told two days later; and one whose terminal's clock is ahead."""
    terminal.push(late := card(terminal), ahead := card(terminal))
    collected = clock.now + timedelta(hours=3)
    clock.move(hours=48)
    wrong = (clock.now + timedelta(days=30)).isoformat()
    terminal.push(delivery(terminal, late.id, collected.isoformat()), delivery(terminal, ahead.id, wrong))
    lives = server.backend.lives
    assert lives.known(late.id).events[-1].at == collected
    assert lives.known(ahead.id).events[-1].at == clock.now, "nobody took it in the future"


def test_told_twice_it_happened_once(server: Server, terminal: Terminal) -> None:
    terminal.push(item := card(terminal))
    one, other = delivery(terminal, item.id), delivery(terminal, item.id)
    assert [each.status for each in terminal.push(one, other)] == ["accepted", "accepted"]
    assert [each.status for each in terminal.push(one)] == ["duplicate"]
    assert history(server, item.id).count("delivered") == 1
    assert answers(terminal) == [(one.id, "done"), (other.id, "done")]


def test_only_its_own_terminal_tells_it_and_not_before_the_case(
    server: Server, terminal: Terminal, new_terminal: Callable[[], Terminal]
) -> None:
    item, other = card(terminal), new_terminal()
    told = delivery(terminal, item.id)
    assert [(each.status, each.reason) for each in terminal.push(told)] == [("retry", "case-missing")]
    terminal.push(item)
    foreign = other.push(delivery(other, item.id))
    assert [(each.status, each.reason) for each in foreign] == [("rejected", "foreign-case")]
    assert [each.status for each in terminal.push(told)] == ["accepted"]
    assert history(server, item.id)[-1] == "delivered"


def test_what_is_void_or_not_decided_is_not_delivered(server: Server, terminal: Terminal) -> None:
    terminal.push(void := card(terminal), waits := card(terminal, outcome="referred"))
    server.backend.lives.act(void.id, Act(Deed.VOIDED, Role.DEPARTMENT, reason=WHY))
    terminal.push(one := delivery(terminal, void.id), two := delivery(terminal, waits.id))
    assert answers(terminal) == [(one.id, "too_late"), (two.id, "not_asked")]
    assert "delivered" not in history(server, void.id) + history(server, waits.id)


def test_one_that_is_out_of_form_is_no_item(terminal: Terminal) -> None:
    terminal.push(item := card(terminal))
    good = {"case_id": item.id, "paper": "certificate", "made_at": terminal.clock().isoformat()}
    changes = ({"format": 2}, {"paper": "a paper"}, {"made_at": "yesterday"}, {"case_id": ""})
    bad = [deed(terminal, "delivery", wire.DeliveryPayload(**(good | change))) for change in changes]  # type: ignore[arg-type]
    assert {(each.status, each.reason) for each in terminal.push(*bad)} == {("rejected", "bad-envelope")}
