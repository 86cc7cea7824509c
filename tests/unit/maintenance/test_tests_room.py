"""The tests room: self-tests at their levels, what only a person can tell, closed loops, and all of them at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.contracts.device import Action, DeviceError, Fault, Level
from devices.contracts.sound import NotPlayed, Played
from kiosk.access.roles import Deed
from kiosk.health.proofs import Proof
from kiosk.journal.errors import JournalError
from kiosk.maintenance import grid, heard, testing_plan
from kiosk.maintenance.screen import PLACES
from kiosk.maintenance.tests_room import Tests
from tests.unit.maintenance.device_world import KEEPER, NOW, TECHNICIAN, FakeDevice, World, every_word, said

KINDS = ("id_reader", "receipt_printer", "camera", "sound")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, *KINDS)


def device(world: World, kind: str) -> FakeDevice:
    found: FakeDevice = world.actors[kind].device
    return found


class PaperLoop:
    subject, test = "receipt_printer", "print"

    def run(self) -> Proof:
        return Proof(NOW, self.subject, self.test, "failed", "print-not-drawn")


def test_a_test_is_run_and_recorded_and_its_report_is_shown(world: World) -> None:
    room = Tests(world.house)
    page = world.enter(room, "tests/id_reader")
    assert [row.key for row in page.rows] == ["internal", "external", "interactive"]
    assert [said(row.detail) for row in page.rows] == ["没有测过"] * 3
    page = world.touch(room, "tests/id_reader", "run", "external")
    assert device(world, "id_reader").tests == [Level.EXTERNAL]
    row = page.rows[1]
    assert said(row.detail) == "通过 · 14:30 · 自检通过 · report of external"
    assert row.tone == "ok"
    (proof,) = world.journal.proofs
    assert (proof.subject, proof.test, proof.outcome, proof.by) == ("id_reader", "external", "passed", "T-0417")


def test_a_device_that_fails_is_told_by_its_fault(world: World) -> None:
    device(world, "id_reader").answers[Level.INTERNAL] = DeviceError("no-answer", "x", advice="", retryable=True)
    room = Tests(world.house)
    world.enter(room, "tests/id_reader")
    page = world.touch(room, "tests/id_reader", "run", "internal")
    assert page.notice is not None
    assert said(page.notice.text) == "设备自查 · 没有应答"
    assert page.notice.tone == "broken"
    assert (world.journal.proofs[0].outcome, world.journal.proofs[0].values) == ("failed", ("no-answer",))


@pytest.mark.parametrize(
    ("answer", "outcome", "code"), [("yes", "passed", "person-yes"), ("no", "failed", "person-no")]
)
def test_what_a_person_has_to_judge_is_asked(world: World, answer: str, outcome: str, code: str) -> None:
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = None
    room = Tests(world.house)
    world.enter(room, "tests/receipt_printer")
    page = world.touch(room, "tests/receipt_printer", "run", "interactive")
    assert said(page.lead) == "打出来的花纹清楚、没有白线吗？"
    assert world.journal.proofs == []
    page = world.touch(room, "tests/receipt_printer", answer)
    assert page.lead is None
    assert [(one.outcome, one.code) for one in world.journal.proofs] == [(outcome, code)]


def test_what_nobody_judged_is_unsure(world: World) -> None:
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = None
    room = Tests(world.house)
    world.enter(room, "tests/receipt_printer")
    world.touch(room, "tests/receipt_printer", "run", "interactive")
    room.leave(("tests", "receipt_printer"))
    assert [(one.outcome, one.code) for one in world.journal.proofs] == [("unsure", "needs-person")]


def test_while_it_runs_nothing_else_begins(world: World) -> None:
    room = Tests(world.house)
    world.enter(room, "tests/id_reader")
    world.desk.at_once = False
    page = world.touch(room, "tests/id_reader", "run", "internal")
    assert page.busy is not None
    room.act(("tests", "id_reader"), "run", "external", TECHNICIAN)
    assert len(world.desk.waiting) == 1
    world.desk.do()
    assert room.page(("tests", "id_reader"), TECHNICIAN).busy is None
    world.desk.do()
    assert [one.test for one in world.journal.proofs] == ["internal"]


def test_a_result_that_comes_after_the_page_was_left_still_counts(world: World) -> None:
    room = Tests(world.house)
    world.enter(room, "tests/id_reader")
    world.desk.at_once = False
    world.touch(room, "tests/id_reader", "run", "internal")
    jobs, world.desk.waiting = world.desk.waiting, []
    room.leave(("tests", "id_reader"))
    for job in jobs:
        job()
    world.desk.at_once = True
    world.desk.do()
    assert [(one.test, one.outcome) for one in world.journal.proofs] == [("internal", "passed")]


def test_a_closed_loop_records_its_own_proof_once(world: World) -> None:
    room = Tests(world.house, (PaperLoop(),))
    page = world.enter(room, "tests/receipt_printer")
    assert [row.key for row in page.rows] == ["internal", "external", "interactive", "print"]
    page = world.touch(room, "tests/receipt_printer", "run", "print")
    assert [(one.code, one.by) for one in world.journal.proofs] == [("print-not-drawn", "T-0417")]
    assert page.rows[3].tone == "broken"


def test_all_external_tests_one_after_another(world: World) -> None:
    """A reader without a card says nothing at its external level: what it can say by itself is recorded as that."""
    device(world, "id_reader").answers[Level.EXTERNAL] = None
    device(world, "camera").answers[Level.EXTERNAL] = False
    room = Tests(world.house)
    world.desk.at_once = False
    page = world.enter(room, "tests/all")
    assert said(page.heading) == "已测 0 项，共 4 项"
    assert [said(row.detail) for row in page.rows] == ["等待检测"] * 4
    world.desk.do()
    page = room.page(("tests", "all"), TECHNICIAN)
    assert said(page.heading) == "全部测完"
    assert [(one.subject, one.test, one.outcome) for one in world.journal.proofs] == [
        ("id_reader", "internal", "passed"),
        ("receipt_printer", "external", "passed"),
        ("camera", "external", "failed"),
        ("sound", "external", "passed"),
    ]
    assert page.tone == "broken"


def test_who_comes_back_sees_the_results_and_prints_no_second_page(world: World) -> None:
    room = Tests(world.house)
    world.enter(room, "tests/all")
    room.leave(("tests", "all"))
    page = world.enter(room, "tests/all")
    assert said(page.heading) == "全部测完"
    assert len(world.journal.proofs) == 4
    world.touch(room, "tests/all", "again")
    assert len(world.journal.proofs) == 8


def test_the_round_ends_with_its_page(world: World) -> None:
    room = Tests(world.house)
    world.desk.at_once = False
    world.enter(room, "tests/all")
    room.leave(("tests", "all"))
    world.desk.do()
    assert world.journal.proofs == []


def test_colours_fill_the_screen_and_then_the_question_comes(world: World) -> None:
    room, path = Tests(world.house), "tests/screen"
    world.enter(room, path)
    shown = []
    page = world.touch(room, path, "run", "colours")
    while page.template == "colours":
        assert page.buttons == ()
        shown.append(page.show)
        page = world.touch(room, path, "next")
    assert tuple(shown) == testing_plan.COLOURS
    assert said(page.lead) == "每种颜色都均匀、没有坏点吗？"
    world.touch(room, path, "no")
    assert [(one.subject, one.test, one.outcome) for one in world.journal.proofs] == [("screen", "colours", "failed")]


def test_touch_needs_every_field(world: World) -> None:
    room, path = Tests(world.house), "tests/touch"
    world.enter(room, path)
    page = world.touch(room, path, "run", "grid")
    assert page.show == grid.SHOW
    for at in range(grid.ROWS * grid.COLUMNS):
        assert page.template == "touch"
        page = world.touch(room, path, "touched", f"{at // grid.COLUMNS},{at % grid.COLUMNS}")
    assert page.template == "list"
    assert [(one.test, one.outcome) for one in world.journal.proofs] == [("grid", "passed")]


def test_a_touch_test_that_is_called_off_records_nothing(world: World) -> None:
    room, path = Tests(world.house), "tests/touch"
    world.enter(room, path)
    world.touch(room, path, "run", "grid")
    assert world.touch(room, path, "stop").template == "list"
    room.leave(("tests", "touch"))
    assert world.journal.proofs == []


@pytest.mark.parametrize(("typed", "outcome"), [("1234567890", "passed"), ("123", "failed")])
def test_every_key_answers(world: World, typed: str, outcome: str) -> None:
    room, path = Tests(world.house), "tests/keypad"
    world.enter(room, path)
    page = world.touch(room, path, "run", "keys")
    for end in range(1, len(typed) + 1):
        page = world.touch(room, path, "typed", typed[:end])
    if outcome == "failed":
        assert page.field is not None
        assert page.field.value == typed
        world.touch(room, path, "not_typed")
    assert [(one.test, one.outcome) for one in world.journal.proofs] == [("keys", outcome)]


def test_a_picture_is_judged_only_when_one_was_shown(world: World) -> None:
    room, path = Tests(world.house), "tests/camera"
    world.enter(room, path)
    page = world.touch(room, path, "run", "picture")
    assert (page.template, page.show) == ("preview", "camera")
    world.touch(room, path, "yes")
    assert world.journal.proofs == []
    listener = device(world, "camera").listener
    assert listener is not None
    listener(SimpleNamespace(jpeg=b"x"))
    world.touch(room, path, "yes")
    assert [(one.test, one.outcome) for one in world.journal.proofs] == [("picture", "passed")]
    assert device(world, "camera").called[-2:] == ["stop_preview", "release"]
    assert world.frames[-1] is None


def test_a_camera_that_shows_nothing_fails(world: World) -> None:
    device(world, "camera").match = DeviceError("gone", "gone", advice="", retryable=True)
    room, path = Tests(world.house), "tests/camera"
    world.enter(room, path)
    world.touch(room, path, "run", "picture")
    assert [(one.outcome, one.values) for one in world.journal.proofs] == [("failed", ("gone",))]


@pytest.mark.parametrize("place", heard.PLACES)
def test_a_tone_is_played_there_and_a_person_says_whether_it_was_heard(world: World, place: str) -> None:
    sound = device(world, "sound")
    sound.plays = Played(0.8)
    room, path = Tests(world.house), "tests/sound"
    world.enter(room, path)
    page = world.touch(room, path, "run", place)
    assert sound.called == [f"output {'headphone' if place == 'headphone' else 'speaker'}", "play", "forget_user"]
    assert page.lead is not None
    world.touch(room, path, "yes")
    assert [(one.test, one.outcome) for one in world.journal.proofs] == [(place, "passed")]


def test_a_mute_output_needs_no_person(world: World) -> None:
    device(world, "sound").plays = NotPlayed(Fault("player-missing", Action.CONFIGURE))
    room, path = Tests(world.house), "tests/sound"
    world.enter(room, path)
    world.touch(room, path, "run", "left")
    device(world, "sound").plays = None
    world.touch(room, path, "run", "headphone")
    assert [(one.test, one.values) for one in world.journal.proofs] == [
        ("left", ("player-missing",)), ("headphone", ("output-missing",)),
    ]  # fmt: skip


def test_each_side_is_silent_where_the_other_sounds() -> None:
    left, right, both = (heard.tone(place).data for place in heard.PLACES)
    silent = [any(data[at : at + 2] != b"\0\0" for at in range(0, len(data), 4)) for data in (left, right, both)]
    sounds = [any(data[at : at + 2] != b"\0\0" for at in range(2, len(data), 4)) for data in (left, right, both)]
    assert (silent, sounds) == ([True, False, True], [False, True, True])
    assert heard.tone("left").seconds == pytest.approx(heard.LENGTH, abs=0.01)


def test_a_full_disk_is_told(world: World) -> None:
    world.journal.full = JournalError("journal-full", "no room")
    room = Tests(world.house)
    world.enter(room, "tests/id_reader")
    page = world.touch(room, "tests/id_reader", "run", "internal")
    assert page.notice is not None
    assert world.journal.proofs == []


def test_the_list_shows_each_thing_with_its_last_test(world: World) -> None:
    world.journal.note_proof(Proof(NOW, "camera", "external", "failed", "self-test-failed"))
    world.journal.note_proof(Proof(NOW, "camera", "internal", "passed", "self-test-passed"))
    page = world.enter(Tests(world.house, (PaperLoop(),)), "tests")
    rows = {row.key: row for row in page.rows}
    assert list(rows) == [*KINDS, "screen", "touch", "keypad"]
    assert rows["camera"].tone == "broken"
    assert rows["sound"].tone == "plain"
    assert {row.picture for row in page.rows} <= set(PLACES)
    assert page.buttons[0].opens == "tests/all"


def test_a_keeper_may_not_test(world: World) -> None:
    room = Tests(world.house)
    assert room.needs(("tests",)) is Deed.TEST
    assert room.needs(("tests", "all")) is Deed.TEST
    assert not KEEPER.may(Deed.TEST)


def test_every_word_is_there_in_both_languages(world: World) -> None:
    room = Tests(world.house, (PaperLoop(),))
    assert all(every_word(world.enter(room, "tests")))
    assert all(every_word(world.enter(room, "tests/all")))
    for plan in testing_plan.plans((*KINDS, "page_printer"), {("receipt_printer", "print"): None}):
        world.actors.setdefault(plan.subject, type(world.actors["camera"])())
        room = Tests(world.house, (PaperLoop(),))
        path = ("tests", plan.subject)
        assert all(every_word(world.enter(room, "/".join(path))))
        for level in Level:
            device(world, plan.subject).answers[level] = None
        world.desk.at_once = False
        room.act(path, "run", plan.test, TECHNICIAN)
        assert all(every_word(room.page(path, TECHNICIAN)))
        world.desk.do()
        world.desk.at_once = True
        assert all(every_word(room.page(path, TECHNICIAN)))
        room.leave(path)
