"""Commands: each at most once, whatever breaks; the outcome told, signed; none for others, none too late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from kiosk import wire
from kiosk.backend import BackendError
from kiosk.backend.problems import Refusal
from kiosk.journal.errors import JournalError
from kiosk.sync import commands
from tests.faults.publishing_room import PublishingRoom
from tests.faults.sync_world import AREA, Died, Fuse


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PublishingRoom]:
    with PublishingRoom(tmp_path, keys=1) as made:
        yield made


def outcomes(room: PublishingRoom) -> list[tuple[str, str]]:
    return [(report.outcome, report.code) for report in room.reports()]


def test_a_command_is_done_once_written_down_and_its_outcome_told_signed(room):
    room.publish(room.id, command="collect-diagnostics")
    for _ in range(3):
        room.cycle()
    assert room.terminal.told.deeds == ["diagnostics"]
    (report,) = room.reports()
    assert (report.outcome, report.details) == ("done", {"version": "1", "device.ups": "online"})
    wire.verify(room.terminal.client._keys.own.public, report.canonical(), report.signature)
    assert room.terminal.events("command") == [("command.begun", ""), ("command.ended", "done")]
    (entry,) = room.terminal.entries().values()
    assert (entry.reported, entry.details) == (True, {}), "what was told need not be kept"


@pytest.mark.parametrize("to", ["all", AREA])
def test_a_command_for_many_is_done_by_each(room, to):
    other = room.new_terminal("other")
    try:
        room.publish(to, command="collect-diagnostics")
        room.cycle()
        other.client.cycle(urgent=True)
        assert room.terminal.told.deeds == other.told.deeds == ["diagnostics"]
        assert len(room.reports()) == 2
    finally:
        other.close()


def test_a_command_for_another_terminal_does_nothing_here(room):
    other = room.new_terminal("other")
    try:
        made = room.publish(other.client.enrolment.terminal_id, command="restart")
        room.cycle()
        assert room.terminal.told.deeds == []
        stolen = replace(made, scope=f"terminal.{room.id}")
        room.slip(stolen)  # and with another name on it the signature does not hold
        room.cycle()
        assert room.terminal.told.deeds == []
        assert room.terminal.trouble() == "signature"
    finally:
        other.close()


def test_an_old_command_that_is_given_again_does_nothing(room):
    made = room.publish(room.id, command="collect-diagnostics")
    room.cycle()
    room.publish(room.id)
    room.cycle()
    room.slip(made)  # a replay
    room.cycle()
    assert room.terminal.trouble() == "rolled-back"
    room.force(replace(made, version=made.version + 50))  # by the publisher himself: the id is known
    room.terminal.restart()
    room.cycle()
    assert room.terminal.told.deeds == ["diagnostics"]
    assert len(room.reports()) == 1


def test_one_that_comes_too_late_is_told_and_not_done_and_one_that_is_early_waits(room):
    room.publish(room.id, command="restart", hours=1)
    room.time.move(2 * 3600)
    room.cycle()
    assert outcomes(room) == [("expired", "too-late")]
    made = room.publish(room.id)
    early = (room.time.true + timedelta(hours=1)).astimezone(UTC).isoformat()
    late = (room.time.true + timedelta(hours=2)).astimezone(UTC).isoformat()
    room.force(replace(made, version=made.version + 1, commands=[wire.Command("c-early", "restart", early, late)]))
    room.cycle()
    assert room.terminal.told.deeds == []
    room.time.move(3700)
    room.cycle()
    assert room.terminal.told.deeds == ["restart"]


ODD: list[tuple[str, dict[str, str], str]] = [
    ("format-disk", {}, "unknown-command"), ("restart", {"now": "1"}, "bad-arguments"),
    ("out-of-service", {}, "bad-arguments"), ("out-of-service", {"reason": "王小明"}, "bad-arguments"),
    ("resend-item", {"item": "../../etc"}, "bad-arguments"),
]  # fmt: skip


def test_what_is_not_in_the_closed_list_is_neither_published_nor_done(room):
    for name, arguments, code in ODD:
        with pytest.raises(BackendError) as error:
            room.publish(room.id, command=name, arguments=arguments)
        assert error.value.code == code
    made = room.publish(room.id)
    given = [
        wire.Command(f"c-{number}", name, made.not_before, made.expires_at, arguments)
        for number, (name, arguments, _) in enumerate(ODD)
    ]
    room.force(replace(made, version=made.version + 1, commands=given))
    for each in given:
        room.house.backend.published._store.write(
            lambda connection, each=each: connection.exec_driver_sql(
                f"INSERT INTO commands VALUES ('{each.id}', 'terminal.{room.id}', 'odd', '')"
            )
        )
    room.cycle()
    assert sorted(outcomes(room)) == sorted(("refused", code) for _, _, code in ODD)
    assert room.terminal.told.deeds == []


@pytest.mark.parametrize(("point", "deeds"), [("command.begun", []), ("command.done", ["diagnostics"])])
def test_killed_in_between_it_is_not_begun_again_and_that_is_said(room, monkeypatch, point, deeds):
    fuse = Fuse()
    fuse.into_failpoints(monkeypatch)
    room.publish(room.id, command="collect-diagnostics")
    fuse.arm(point, 1)
    with pytest.raises(Died):
        room.cycle()
    room.terminal.die()
    for _ in range(2):
        room.cycle()
    assert room.terminal.told.deeds == deeds
    assert outcomes(room) == [("unknown", "broken-off")]
    assert room.terminal.journal.verify().ok


def test_a_report_whose_answer_is_lost_is_told_again_and_kept_once(room):
    lost = iter(["lost-answer"])
    room.line.fate = lambda _method, target, *_: next(lost, "arrives") if "command-reports" in target else "arrives"
    room.publish(room.id, command="collect-diagnostics")
    room.cycle()
    assert not next(iter(room.terminal.entries().values())).reported
    room.cycle()
    assert next(iter(room.terminal.entries().values())).reported
    assert len(room.reports()) == 1


def test_a_restart_is_done_when_the_next_life_has_begun(room):
    room.publish(room.id, command="restart")
    for _ in range(3):
        room.cycle()
    assert room.terminal.told.deeds == ["restart"]
    assert outcomes(room) == []
    room.terminal.restart()
    room.cycle()
    assert outcomes(room) == [("done", "done")]
    assert room.terminal.told.deeds == ["restart"]


def test_a_process_that_cannot_begin_anew_says_so(room, monkeypatch):
    monkeypatch.setattr(room.terminal.told, "restart", lambda: False)
    room.publish(room.id, command="restart")
    room.cycle()
    assert outcomes(room) == [("failed", "not-supported")]


def test_out_of_service_holds_over_a_restart_until_its_time_or_until_in_service(room):
    until = (room.time.true + timedelta(hours=8)).isoformat()
    room.publish(room.id, command="out-of-service", arguments={"reason": "maintenance", "until": until})
    room.cycle()
    room.terminal.restart()
    journal = room.terminal.journal
    assert commands.closed(journal, room.time.true) == commands.Closed("maintenance", until)
    assert commands.closed(journal, room.time.true + timedelta(hours=8)) is None
    room.publish(room.id, command="in-service")
    room.cycle()
    assert commands.closed(journal, room.time.true) is None
    assert room.terminal.told.deeds == ["look_at_closed", "look_at_closed"]


def test_the_terminals_key_is_changed_by_the_next_pass(room):
    before = room.terminal.client._keys.own.public
    room.publish(room.id, command="change-terminal-key")
    report = room.cycle()
    assert report.next_at <= room.time.terminal()
    room.cycle()
    own = room.terminal.client._keys.own.public
    assert own != before
    assert room.house.backend.find_terminal(room.id).public_key == wire.b64(own)
    assert outcomes(room) == [("done", "done")]


def test_an_item_that_was_set_aside_is_sent_once_more(room):
    case = room.terminal.commit()
    room.terminal.journal.set_aside(case, "rejected", "bad-meta")
    room.publish(room.id, command="resend-item", arguments={"item": case})
    room.cycle()
    room.cycle()
    assert {row.case_id: row.state for row in room.terminal.journal.cases()} == {case: "acknowledged"}
    room.publish(room.id, command="resend-item", arguments={"item": case})
    room.cycle()
    assert outcomes(room) == [("done", "done"), ("failed", "item-not-aside")]


def test_sync_now_lets_another_pass_follow_at_once(room):
    room.publish(room.id, command="sync-now")
    assert room.cycle().next_at <= room.time.terminal()
    assert room.cycle().next_at > room.time.terminal()


def test_what_was_told_and_has_run_out_is_forgotten_and_still_not_done_again(room):
    made = room.publish(room.id, command="collect-diagnostics", hours=1)
    room.cycle()
    room.time.move(2 * 3600)
    room.cycle()
    assert len(room.terminal.entries()) == 1, "its manifest is in force still"
    room.publish(room.id)
    room.cycle()
    assert room.terminal.entries() == {}
    room.slip(made)
    room.cycle()
    assert room.terminal.told.deeds == ["diagnostics"]
    assert len(room.reports()) == 1


def test_the_beginning_is_on_the_disk_with_its_row_or_not_at_all(room, monkeypatch):
    """One transaction: a journal that cannot take it lets nothing begin."""

    def full(*_: object, **__: object) -> None:
        raise JournalError("journal-full", "no room")

    monkeypatch.setattr(room.terminal.journal, "record", full)
    room.publish(room.id, command="collect-diagnostics")
    with pytest.raises(JournalError):
        room.cycle()
    assert room.terminal.told.deeds == []


def test_a_report_that_is_refused_keeps_no_other_back_and_is_told_without_its_details(room, monkeypatch):
    monkeypatch.setattr(room.terminal.told, "diagnostics", lambda: {"device.摄像头": "online"})  # no name of the wire's
    room.publish(room.id, command="collect-diagnostics")
    room.publish(room.id, command="sync-now")
    report = room.cycle()
    assert (report.online, report.cause) == (True, "bad-fields")
    assert outcomes(room) == [("done", "done")], "the other one's"
    room.cycle()
    assert outcomes(room) == [("done", "done")] * 2
    assert [each.details for each in room.reports()] == [{}, {}]
    assert all(entry.reported for entry in room.terminal.entries().values())


def test_what_is_refused_without_details_too_is_told_no_more(room, monkeypatch):
    def refuse(*_: object) -> None:
        raise Refusal("bad-fields")

    monkeypatch.setattr(room.house.backend.published, "report", refuse)
    room.publish(room.id, command="collect-diagnostics")
    assert [room.cycle().cause for _ in range(3)] == ["bad-fields", "bad-fields", ""]
