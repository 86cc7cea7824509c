"""How a case's life begins at the backend, what the table refuses, what time does, and staff at the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import cli, wire
from kiosk.backend import BackendError
from kiosk.backend.lives import Act, Lives
from kiosk.backend.replaying import QuietReplays
from kiosk.backend.store.life_tables import after_checks, life_events
from kiosk.domain.life import Deed, LifeError, Role, State
from kiosk.domain.text import Text
from kiosk.services.loader import builtin
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import LACKING, NUMBER, SECRET, case, person, rows

WHY = Text(SECRET, SECRET)


def act(server: Server, case_id: str, deed: Deed, **more: object) -> State:
    role = more.pop("by", Role.DEPARTMENT)
    return server.backend.lives.act(case_id, Act(deed, role, "李工", **more)).state  # type: ignore[arg-type]


def words(terminal: Terminal) -> list[str]:
    return [word.state for word in terminal.results().progress]


def history(server: Server, case_id: str) -> list[str]:
    return [event.deed.value for event in server.backend.lives.known(case_id).events]


RECEIPT = builtin("pension_verification")  # a matter without a certificate
SPOT = {"service_id": RECEIPT.pack_id, "pack_id": RECEIPT.pack_id, "pack_version": RECEIPT.version}
BEGUN: list[tuple[dict[str, object], str]] = [
    ({}, "received"),
    ({"outcome": "received", "rung": "receipt"}, "received"),
    ({"outcome": "approved", "rung": "final", **SPOT}, "received approved delivered"),
    ({"outcome": "refused", "rung": "final"}, "received refused"),
    ({"outcome": "approved", "rung": "provisional"}, "received approved"),
    ({"outcome": "approved", "rung": "provisional", "online": True, **SPOT}, "received approved delivered"),
    ({"service_id": "complaint", "pack_id": "complaint", "outcome": "refused"}, "received not_accepted"),
    ({"service_id": "unheard-of", "pack_version": "9.9.9"}, "received"),
]


def test_a_life_begins_with_what_its_terminal_did(server: Server, terminal: Terminal) -> None:
    items = [case(terminal, **change) for change, _ in BEGUN]
    terminal.push(*items)
    assert server.backend.lives.open_waiting() == len(items)
    assert server.backend.lives.open_waiting() == 0
    assert [" ".join(history(server, item.id)) for item in items] == [expected for _, expected in BEGUN]


@pytest.mark.parametrize(("kind", "days"), [("water", 5), ("gas", 10), ("both", 10), ("\x00", 10)])
def test_its_last_day_is_the_one_that_the_receipt_tells_for_its_situation(
    server: Server, terminal: Terminal, kind: str, days: int
) -> None:
    pack = builtin("utility_connection")
    fields = [*person(NUMBER), wire.PayloadField("kind", kind, "chosen", "D")]
    item = case(terminal, service_id=pack.pack_id, pack_id=pack.pack_id, pack_version=pack.version, fields=fields)
    terminal.push(item)
    assert server.backend.lives.known(item.id).about.terms.whole == days


def test_a_backend_that_serves_begins_them_and_answers_in_a_quiet_moment(server: Server, terminal: Terminal) -> None:
    backend, done = server.backend, threading.Event()

    class Told(Lives):
        def quiet_round(self, until: Callable[[], bool]) -> None:
            super().quiet_round(until)
            if backend.gauges()["kiosk_lives_waiting"] == 0 and rows(server, life_events):
                done.set()

    lives = Told(backend._store, backend.keys, backend.now, backend.late.person)
    thread = QuietReplays(backend.replays, backend.arrived, quiet=0.01, lives=lives)
    thread.start()
    try:
        terminal.push(item := case(terminal, outcome="approved", rung="provisional"))
        assert done.wait(20)
    finally:
        thread.stop()
    assert history(server, item.id) == ["received", "approved"]
    assert words(terminal) == ["approved"], "it was confirmed, which its terminal does not know"


def test_what_was_joined_to_another_case_is_void_and_told_so(server: Server, terminal: Terminal) -> None:
    first, second = (case(terminal, outcome="approved", rung="final", once=12, **SPOT) for _ in range(2))
    terminal.push(first, second)
    server.backend.lives.open_waiting()
    assert history(server, second.id) == ["received", "approved", "delivered", "voided"]
    found = server.backend.lives.known(second.id)
    assert "先登记" in found.events[-1].reason.zh
    assert found.life.state == "voided"
    assert words(terminal) == ["voided"]


def test_a_clock_that_was_ahead_or_wrong_lets_no_case_come_in_later_than_it_came(
    server: Server, terminal: Terminal, clock: Clock
) -> None:  # fmt: skip
    ahead = case(terminal, committed_at="2026-06-09T12:00:00+00:00")
    wrong = case(terminal, committed_at="1970-01-01T00:00:00+00:00", clock="wrong")
    terminal.push(ahead, wrong)
    for item in (ahead, wrong):
        assert server.backend.lives.known(item.id).events[0].at == clock.now


def test_what_the_table_refuses_is_told_and_nothing_is_written(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    terminal.push(item)
    for deed, more, code in (
        (Deed.REFUSED, {}, "reason-missing"), (Deed.ANSWERED, {"reason": WHY}, "other-track"),
        (Deed.VOIDED, {"reason": WHY, "by": Role.STREET}, "not-theirs"), (Deed.CORRECTED, {"reason": WHY}, "not-now"),
    ):  # fmt: skip
        with pytest.raises(LifeError, match=code):
            act(server, item.id, deed, **more)
    assert history(server, item.id) == ["received"]
    assert words(terminal) == []
    with pytest.raises(BackendError, match="no-such-case"):
        act(server, "no-such-case", Deed.ACCEPTED)


def test_nobody_answered_in_time_so_it_is_accepted(server: Server, terminal: Terminal, clock: Clock) -> None:
    item = case(terminal)
    terminal.push(item)
    server.backend.lives.open_waiting()
    clock.move(days=7)
    assert server.backend.lives.refresh() == 0
    clock.move(days=1)
    assert server.backend.lives.refresh() == 1
    assert server.backend.lives.refresh() == 0, "told once"
    (word,) = terminal.results().progress
    assert (word.state, word.deemed, word.since[:10]) == ("accepted", True, "2026-06-01")
    assert word.due == "2026-06-30"  # twenty working days from the 1st, one of them off (19 June)
    with pytest.raises(LifeError, match="deemed-accepted"):
        act(server, item.id, Deed.SUPPLEMENT_ASKED, lacking=LACKING)
    assert act(server, item.id, Deed.APPROVED) is State.APPROVED


def test_an_approval_by_commitment_is_to_be_checked_later(server: Server, terminal: Terminal) -> None:
    promise = wire.PayloadCommitment("c", "1", ["真实"], "2026-06-01T11:59:00+00:00")
    here = case(terminal, outcome="approved", commitment=promise)
    person = case(terminal, commitment=promise)
    plain = case(terminal, outcome="approved")
    refused = case(terminal, outcome="refused", commitment=promise)
    terminal.push(here, person, plain, refused)
    server.backend.lives.open_waiting()
    assert [row.case_id for row in rows(server, after_checks)] == [here.id]
    act(server, person.id, Deed.APPROVED)
    act(server, person.id, Deed.CORRECTED, reason=WHY)
    assert {row.case_id for row in rows(server, after_checks)} == {here.id, person.id}
    assert server.backend.gauges()["kiosk_after_checks"] == 2
    server.backend.late.settle(here.id, "confirmed")
    server.backend.late.settle(person.id, "revoked")
    assert {row.case_id: row.found for row in rows(server, after_checks)} == {
        here.id: "confirmed", person.id: "revoked",
    }  # fmt: skip
    assert server.backend.gauges()["kiosk_after_checks"] == 0


def test_what_staff_write_is_nowhere_in_clear(server: Server, terminal: Terminal, disk: list[Path]) -> None:
    item = case(terminal)
    terminal.push(item)
    act(server, item.id, Deed.SUPPLEMENT_ASKED, lacking=LACKING)
    assert [each.text.zh for each in server.backend.lives.known(item.id).events[-1].lacking] == [SECRET, "户口簿"]
    for folder in disk:
        for file in folder.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert SECRET.encode() not in data, file.name
                assert "李工".encode() not in data, file.name


def test_a_complaint_is_answered(server: Server, terminal: Terminal) -> None:
    item = case(terminal, service_id="complaint", pack_id="complaint")
    terminal.push(item)
    with pytest.raises(LifeError, match="other-track"):
        act(server, item.id, Deed.APPROVED)
    act(server, item.id, Deed.FORWARDED, to=Text("街道", "The street"), by=Role.COMMUNITY)
    found = server.backend.lives.known(item.id)
    assert found.stand(server.backend.now(), server.backend.lives.calendar()).clock in ("answer", "reply")
    assert act(server, item.id, Deed.ANSWERED, reason=WHY, by=Role.STREET) is State.ANSWERED


def test_staff_at_the_command_line(
    server: Server, terminal: Terminal, settings: object, capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:  # fmt: skip
    """With the clock of this machine: what the test's clock says lies before it."""
    item = case(terminal, committed_at="2026-05-30T12:00:00+00:00")
    terminal.push(item)
    where = ["--db", server.backend.settings.db_url, "--blobs", server.backend.settings.blobs,
             "--keys", server.backend.settings.keys, "--case", item.id]  # fmt: skip

    def run(*more: str) -> tuple[int, dict[str, object]]:
        capsys.readouterr()
        status = cli.main(["backend", "case", *where, *more])
        out = capsys.readouterr()
        return status, json.loads(out.out) if status != 2 else {"error": out.err}

    status, shown = run()
    assert (status, shown["state"], shown["chain_holds"]) == (0, "accepted", True)  # long ago: counts as accepted
    status, shown = run("--act", "refused", "--by", "李工")
    assert status == 2
    assert "--reason" in str(shown["error"])
    status, shown = run("--act", "refused", "--by", "李工", "--role", "street", "--reason", "不符合条件")
    assert (status, shown["state"]) == (0, "refused")
    last = shown["history"][-1]  # type: ignore[index]
    assert (last["by"], last["role"], last["reason"]) == ("李工", "street", "不符合条件")
    assert cli.main(["backend", "due", *where[:6]]) == 0
