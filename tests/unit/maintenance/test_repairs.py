"""Guided repairs: what sensors see brings them on, each ends in a test that ran; what was not seen is unsure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.contracts.camera import FaceDiffers, FaceHint, FaceMatched, FaceOutcome, FaceUnavailable, FaceUnclear
from devices.contracts.device import Action, DeviceError, Fault, Level, State, Status
from kiosk.access.roles import Deed
from kiosk.health.proofs import Outcome, Proof
from kiosk.journal.errors import JournalError
from kiosk.maintenance import grid, repair_book
from kiosk.maintenance.repairs import Repairs
from kiosk.maintenance.screen import PLACES, SCENES
from kiosk.profile import DEVICE_KINDS
from tests.unit.maintenance.device_world import NOW, TECHNICIAN, WELL, FakeDevice, World, every_word, said

OUT = Status(State.ONLINE, (Fault("media-empty", Action.REPLENISH),), details={"paper": "out"})
OPEN = Status(
    State.ONLINE, (Fault("cover-open", Action.CLEAR), Fault("media-empty", Action.REPLENISH)), details={"paper": "out"}
)
FULL = Status(State.ONLINE, details={"paper": "full"})
GONE = Status(State.OFFLINE, (Fault("unplugged", Action.RESET),))
KINDS = ("receipt_printer", "page_printer", "id_reader", "camera", "document_camera")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, *KINDS)


def device(world: World, kind: str) -> FakeDevice:
    found: FakeDevice = world.actors[kind].device
    return found


def seen(world: World, kind: str) -> None:
    """The camera's first picture has come: nobody judges one that was not shown."""
    listener = device(world, kind).listener
    assert listener is not None
    listener(SimpleNamespace(jpeg=b"x" * 9))


def buttons(world: World, room: Repairs, path: str) -> list[str]:
    return [button.name for button in room.page(tuple(path.split("/")), TECHNICIAN).buttons]


def roll(world: World) -> Repairs:
    """At the roll, whose printer has run out; the person judges the strip."""
    world.actors["receipt_printer"].status = OUT
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = None
    room = Repairs(world.house, tick=world.ticks)
    world.enter(room, "repairs/roll")
    return room


class FixedLoop:
    """A closed loop that comes out as it is told to, one after another."""

    def __init__(self, subject: str, test: str, *outcomes: Outcome) -> None:
        self.subject, self.test = subject, test
        self.outcomes = list(outcomes)

    def run(self) -> Proof:
        return Proof(NOW, self.subject, self.test, self.outcomes.pop(0), "glass-clean")


def test_a_roll_is_changed_in_three_touches_from_the_overview(world: World) -> None:
    """One on the overview, one for the strip, one back."""
    room, path = roll(world), ("repairs", "roll")
    page = room.page(path, TECHNICIAN)
    assert page.step is not None
    assert (page.step.number, page.step.total) == (1, 3)
    assert said(page.step.text) == "打开打印机盖子，取出旧纸卷"
    assert [said(row.detail) for row in page.step.live] == ["缺纸", "等着看到：盖子打开"]
    printer = world.actors["receipt_printer"]
    printer.becomes(OPEN)
    page = room.page(path, TECHNICIAN)
    assert page.step is not None
    assert page.step.number == 2
    assert device(world, "receipt_printer").tests == []
    printer.becomes(FULL)
    page = room.page(path, TECHNICIAN)  # the strip is printed by itself
    assert device(world, "receipt_printer").tests == [Level.INTERACTIVE]
    page = room.page(path, TECHNICIAN)
    assert page.step is not None
    assert said(page.step.text) == "测试条上的字清楚吗？"
    page = world.touch(room, "repairs/roll", "yes")
    assert said(page.heading) == "修好了，已记录"
    assert [button.opens for button in page.buttons] == ["overview"]
    (proof,) = world.journal.proofs
    assert (proof.subject, proof.test, proof.outcome, proof.code) == (
        "receipt_printer",
        "roll",
        "passed",
        "repair-done",
    )
    assert (proof.by, proof.report) == ("T-0417", "report of interactive")
    assert world.journal.renewed == ["receipt_mm"]
    assert world.desk.audited == [("repair.begun", {"repair": "roll", "device": "receipt_printer"})]
    assert world.ticks.going == []


def test_a_printer_without_a_cover_sensor_is_believed_when_it_sees_the_paper(world: World) -> None:
    room = roll(world)
    world.actors["receipt_printer"].becomes(FULL)
    room.page(("repairs", "roll"), TECHNICIAN)
    room.page(("repairs", "roll"), TECHNICIAN)
    world.touch(room, "repairs/roll", "yes")
    assert world.journal.proofs[0].outcome == "passed"


def test_paper_that_was_there_all_along_is_no_new_roll(world: World) -> None:
    world.actors["receipt_printer"].status = FULL
    room = Repairs(world.house, tick=world.ticks)
    page = world.enter(room, "repairs/roll")
    assert page.step is not None
    assert page.step.number == 1
    assert device(world, "receipt_printer").tests == []


def test_what_a_sensor_did_not_see_is_unsure_and_not_passed(world: World) -> None:
    room = roll(world)
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    page = world.touch(room, "repairs/roll", "yes")
    assert said(page.heading) == "做完了，没有完全证实"
    assert page.tone == "attention"
    (proof,) = world.journal.proofs
    assert (proof.outcome, proof.code) == ("unsure", "repair-unseen")


def test_a_strip_that_cannot_be_printed_names_the_fault_and_is_tried_again(world: World) -> None:
    room, printer = roll(world), world.actors["receipt_printer"]
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = False
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")  # the printer still sees no paper
    page = room.page(("repairs", "roll"), TECHNICIAN)
    assert page.notice is not None
    assert said(page.notice.text) == "缺纸 · media-empty"
    assert [button.name for button in page.buttons] == ["again", "over", "give_up"]
    printer.becomes(FULL)
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = None
    world.touch(room, "repairs/roll", "again")
    world.touch(room, "repairs/roll", "yes")
    assert [one.outcome for one in world.journal.proofs] == ["unsure"]


def test_a_word_of_the_device_that_is_none_of_ours_is_not_kept(world: World) -> None:
    room = roll(world)
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = DeviceError(
        "张三 13800138000", "x", advice="", retryable=True
    )
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "give_up")
    assert world.journal.proofs[0].values == ("other",)


def test_giving_up_is_recorded_with_the_fault(world: World) -> None:
    room = roll(world)
    device(world, "receipt_printer").answers[Level.INTERACTIVE] = DeviceError(
        "no-answer", "nothing came", advice="", retryable=True
    )
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    page = world.touch(room, "repairs/roll", "give_up")
    assert said(page.heading) == "没修好，已记录"
    (proof,) = world.journal.proofs
    assert (proof.outcome, proof.code, proof.values) == ("failed", "device-trouble", ("no-answer",))
    assert said(page.rows[0].detail) == "没通过 · 14:30 · 没有应答"
    assert world.journal.renewed == []


def test_a_strip_that_nobody_can_read_is_not_mended(world: World) -> None:
    room = roll(world)
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "no")
    world.touch(room, "repairs/roll", "give_up")
    assert [(one.outcome, one.code) for one in world.journal.proofs] == [("failed", "person-no")]


def test_who_walks_away_from_a_failed_step_leaves_it_recorded(world: World) -> None:
    room = roll(world)
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "no")
    room.leave(("repairs", "roll"))
    assert [(one.outcome, one.by) for one in world.journal.proofs] == [("failed", "T-0417")]
    assert world.ticks.going == []
    assert world.actors["receipt_printer"].listeners == []


def test_who_walks_away_before_anything_ran_leaves_nothing(world: World) -> None:
    room = roll(world)
    room.leave(("repairs", "roll"))
    assert world.journal.proofs == []


def test_a_test_that_ends_after_the_page_was_left_touches_nothing(world: World) -> None:
    room = roll(world)
    world.touch(room, "repairs/roll", "pass_over")
    world.desk.at_once = False
    page = world.touch(room, "repairs/roll", "pass_over")
    assert said(page.busy) == "正在做这一步"
    assert page.buttons == ()
    room.leave(("repairs", "roll"))
    world.enter(room, "repairs/sheets")
    world.desk.do()
    page = room.page(("repairs", "sheets"), TECHNICIAN)
    assert page.step is not None
    assert (page.step.number, page.busy) == (1, None)
    assert world.journal.proofs == []


def test_sensors_are_asked_every_second_while_the_page_is_open(world: World) -> None:
    roll(world)
    world.ticks.tick()
    assert world.actors["receipt_printer"].refreshed == 1
    assert world.actors["page_printer"].refreshed == 0


def test_a_reader_is_swapped_by_what_it_says_of_itself(world: World) -> None:
    room, path = Repairs(world.house, tick=world.ticks), ("repairs", "reader", "id_reader")
    world.enter(room, "/".join(path))
    reader = world.actors["id_reader"]
    reader.becomes(GONE)
    room.page(path, TECHNICIAN)
    reader.becomes(WELL)
    room.page(path, TECHNICIAN)
    page = room.page(path, TECHNICIAN)
    assert device(world, "id_reader").tests == [Level.INTERACTIVE]
    assert said(page.heading) == "修好了，已记录"
    assert world.journal.proofs[0].test == "reader"


def test_a_reader_that_is_gone_already_waits_for_the_new_one(world: World) -> None:
    world.actors["id_reader"].status = GONE
    room = Repairs(world.house, tick=world.ticks)
    page = world.enter(room, "repairs/reader/id_reader")
    assert page.step is not None
    assert page.step.number == 2


def test_a_reader_that_is_merely_ill_is_not_unplugged(world: World) -> None:
    world.actors["id_reader"].status = Status(State.HARDWARE_ERROR, (Fault("sam-self-test", Action.RESET),))
    room = Repairs(world.house, tick=world.ticks)
    page = world.enter(room, "repairs/reader/id_reader")
    assert page.step is not None
    assert page.step.number == 1


def test_a_camera_shows_its_picture_and_lets_go_of_it(world: World) -> None:
    room, path = Repairs(world.house, tick=world.ticks), "repairs/aim/camera"
    page = world.enter(room, path)
    assert (page.template, page.show) == ("preview", "camera")
    frame = SimpleNamespace(jpeg=b"x" * 9)
    listener = device(world, "camera").listener
    assert listener is not None
    listener(frame)
    assert world.frames == [frame]
    page = world.touch(room, path, "yes")
    assert world.frames == [frame, None]
    assert device(world, "camera").called == ["start_preview", "stop_preview", "release"]
    listener(frame)  # one that was on its way
    assert world.frames == [frame, None]
    assert said(room.page(tuple(path.split("/")), TECHNICIAN).heading) == "修好了，已记录"
    assert device(world, "camera").tests == [Level.EXTERNAL]


@pytest.mark.parametrize(
    ("matched", "outcome", "code"),
    [(FaceMatched(0.31, 0.45), "passed", "repair-done"), (FaceUnclear(FaceHint.BLURRED), "unsure", "repair-unsure")],
)
def test_the_same_person_must_be_known_again(world: World, matched: FaceOutcome, outcome: str, code: str) -> None:
    room, path = Repairs(world.house, tick=world.ticks), "repairs/face"
    world.enter(room, path)
    listener = device(world, "camera").listener
    assert listener is not None
    listener(SimpleNamespace(jpeg=b"x" * 9))
    world.touch(room, path, "yes")
    device(world, "camera").match = matched
    world.touch(room, path, "try")
    (proof,) = world.journal.proofs
    assert (proof.outcome, proof.code) == (outcome, code)
    assert "match 9" in device(world, "camera").called
    assert device(world, "camera").called[-2:] == ["stop_preview", "release"]


@pytest.mark.parametrize("matched", [FaceDiffers(0.61, 0.45), FaceUnavailable(Fault("frozen", Action.RESET))])
def test_a_matcher_that_does_not_know_the_same_person_fails(world: World, matched: FaceOutcome) -> None:
    room, path = Repairs(world.house, tick=world.ticks), "repairs/face"
    world.enter(room, path)
    seen(world, "camera")
    world.touch(room, path, "yes")
    seen(world, "camera")
    device(world, "camera").match = matched
    page = world.touch(room, path, "try")
    assert page.buttons[0].name == "again"


def test_touch_is_good_when_every_field_answered(world: World) -> None:
    room, path = Repairs(world.house, tick=world.ticks), "repairs/touch"
    page = world.enter(room, path)
    assert (page.template, page.show) == ("touch", "8x5")
    fields = [f"{row},{column}" for row in range(grid.ROWS) for column in range(grid.COLUMNS)]
    for field in [*fields[:-1], fields[0], "99,0", "x", "-1,0"]:
        page = world.touch(room, path, "touched", field)
        assert page.template == "touch"
    page = world.touch(room, path, "touched", fields[-1])
    assert said(page.heading) == "修好了，已记录"
    assert (world.journal.proofs[0].subject, world.journal.proofs[0].outcome) == ("touch", "passed")


def test_a_screen_with_a_dead_spot_fails(world: World) -> None:
    room = Repairs(world.house, tick=world.ticks)
    world.enter(room, "repairs/touch")
    world.touch(room, "repairs/touch", "touched", "0,0")
    world.touch(room, "repairs/touch", "not_touched")
    world.touch(room, "repairs/touch", "give_up")
    assert world.journal.proofs[0].outcome == "failed"
    assert world.journal.proofs[0].report == "1 of 40 fields"


def test_glass_is_measured_before_and_after_and_the_last_look_decides(world: World) -> None:
    loop = FixedLoop("document_camera", "glass", "failed", "passed")
    room = Repairs(world.house, (loop,), world.ticks)
    world.enter(room, "repairs/glass")
    page = room.page(("repairs", "glass"), TECHNICIAN)
    assert page.template == "preview"
    seen(world, "document_camera")
    page = world.touch(room, "repairs/glass", "yes")
    assert [(one.test, one.outcome) for one in world.journal.proofs] == [
        ("glass", "failed"), ("glass", "passed"), ("glass", "passed"),
    ]  # fmt: skip
    assert world.journal.proofs[-1].code == "repair-done"


def test_glass_that_is_still_dirty_is_not_mended(world: World) -> None:
    room = Repairs(world.house, (FixedLoop("document_camera", "glass", "failed", "failed"),), world.ticks)
    world.enter(room, "repairs/glass")
    seen(world, "document_camera")
    page = world.touch(room, "repairs/glass", "yes")
    assert [button.name for button in page.buttons] == ["again", "over", "give_up"]


def test_a_camera_that_was_moved_is_compared_with_its_new_picture_and_that_decides_nothing(world: World) -> None:
    for outcome in ("passed", "failed"):
        room = Repairs(world.house, (FixedLoop("camera", "reference", outcome),), world.ticks)
        world.enter(room, "repairs/aim/camera")
        seen(world, "camera")
        page = world.touch(room, "repairs/aim/camera", "yes")
        assert said(page.heading) == "修好了，已记录"
    assert [(one.test, one.outcome, one.by) for one in world.journal.proofs] == [
        ("reference", "passed", "T-0417"), ("aim", "passed", "T-0417"),
        ("reference", "failed", "T-0417"), ("aim", "passed", "T-0417"),
    ]  # fmt: skip


def test_without_the_loop_glass_ends_in_the_cameras_own_test(world: World) -> None:
    room = Repairs(world.house, tick=world.ticks)
    page = world.enter(room, "repairs/glass")
    assert page.template == "preview"
    seen(world, "document_camera")
    world.touch(room, "repairs/glass", "yes")
    assert device(world, "document_camera").tests == [Level.EXTERNAL]
    assert world.journal.proofs[0].outcome == "passed"


def test_a_full_disk_says_that_the_proof_was_not_kept(world: World) -> None:
    room = roll(world)
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    world.journal.full = JournalError("journal-full", "no room")
    page = world.touch(room, "repairs/roll", "yes")
    assert page.notice is not None
    assert said(page.notice.text) == "磁盘写不进，这次结果没有存下"
    assert said(page.heading) == "做完了，结果没有存下"


def test_nothing_is_called_recorded_before_it_is(world: World) -> None:
    room = roll(world)
    world.touch(room, "repairs/roll", "pass_over")
    world.touch(room, "repairs/roll", "pass_over")
    world.desk.at_once = False
    page = world.touch(room, "repairs/roll", "yes")
    assert said(page.busy) == "正在记录"
    assert all(every_word(page))
    world.desk.do()
    assert said(room.page(("repairs", "roll"), TECHNICIAN).heading) == "做完了，没有完全证实"


def test_nobody_says_of_a_picture_that_was_not_shown_that_it_is_good(world: World) -> None:
    room, path = Repairs(world.house, tick=world.ticks), "repairs/aim/camera"
    good = world.enter(room, path).buttons[0]
    assert (good.name, good.enabled, said(good.why)) == ("yes", False, "画面还没出来")
    page = world.touch(room, path, "yes")
    assert page.template == "preview"
    assert not world.journal.proofs
    seen(world, "camera")
    good = room.page(tuple(path.split("/")), TECHNICIAN).buttons[0]
    assert (good.name, good.enabled, good.why) == ("yes", True, None)


@pytest.mark.parametrize(
    ("code", "values", "told"),
    [("print-not-printed", ("media-jam",), "卡纸 · media-jam"), ("print-not-drawn", (), "测试页没有画成。")],
)
def test_a_terminal_with_a_test_paper_of_its_own_prints_that_and_not_the_printers_pattern(
    world: World, code: str, values: tuple[str, ...], told: str
) -> None:
    outcomes = [Proof(NOW, "receipt_printer", "print", "failed", code, values),
                Proof(NOW, "receipt_printer", "print", "passed", "print-done", ("1",))]  # fmt: skip
    loop = SimpleNamespace(subject="receipt_printer", test="print", run=lambda: outcomes.pop(0))
    world.actors["receipt_printer"].status = OUT
    room, path = Repairs(world.house, (loop,), world.ticks), "repairs/roll"
    world.enter(room, path)
    world.actors["receipt_printer"].becomes(OPEN)
    world.actors["receipt_printer"].becomes(FULL)
    room.page(("repairs", "roll"), TECHNICIAN)
    page = room.page(("repairs", "roll"), TECHNICIAN)
    assert page.notice is not None
    assert said(page.notice.text).startswith(told)
    assert page.step is not None
    assert said(page.step.text).startswith("没打好。")  # what to do about it
    page = world.touch(room, path, "again")
    page = world.touch(room, path, "yes")
    assert said(page.heading) == "修好了，已记录"
    assert device(world, "receipt_printer").tests == []
    assert [(one.test, one.outcome, one.by) for one in world.journal.proofs] == [
        ("print", "failed", "T-0417"), ("print", "passed", "T-0417"), ("roll", "passed", "T-0417"),
    ]  # fmt: skip


def test_a_picture_that_stays_bad_is_not_mended(world: World) -> None:
    room, path = Repairs(world.house, tick=world.ticks), "repairs/aim/camera"
    world.enter(room, path)
    page = world.touch(room, path, "no")
    assert page.step is not None
    assert said(page.step.text) == "画面不对。看看有没有东西挡着，再试一次"
    assert world.frames == [None]
    world.touch(room, path, "give_up")
    assert [(one.outcome, one.code) for one in world.journal.proofs] == [("failed", "person-no")]


def test_what_is_not_here_is_not_repaired(world: World) -> None:
    room = Repairs(world.house, tick=world.ticks)
    for path in ("repairs", "repairs/nothing", "repairs/reader/code_scanner", "repairs/roll/camera"):
        page = world.enter(room, path)
        assert page.template == "list"
        opens = [row.button.opens for row in page.rows if row.button]
        assert "repairs/roll" in opens
        assert "repairs/reader/id_reader" in opens
        assert "repairs/touch" in opens
        assert not any("code_scanner" in path for path in opens)


def test_who_may_mend_what() -> None:
    needs = {name: repair.deed for name, repair in repair_book.repairs().items()}
    assert {name for name, deed in needs.items() if deed is Deed.REFILL} == {"roll", "sheets", "jam", "glass"}
    assert {name for name, deed in needs.items() if deed is Deed.REPAIR} == {
            "wake", "reader", "service", "swap", "aim", "touch", "face",
        }  # fmt: skip


def test_every_repair_ends_in_a_test_and_fits_a_device_that_exists() -> None:
    for repair in repair_book.repairs().values():
        assert {step.does for step in repair.steps} & {"test", "touch", "face"}, repair.name
        assert set(repair.kinds) <= {*DEVICE_KINDS, "touch"}
        assert repair.picture in {*SCENES, *PLACES}
        assert repair.steps[-1].does != "wait"


@pytest.mark.parametrize("name", list(repair_book.repairs()))
def test_every_word_of_every_step_is_there_in_both_languages(world: World, name: str) -> None:
    repair = repair_book.repairs()[name]
    room = Repairs(world.house, tick=world.ticks)
    for kind in repair.kinds:
        world.actors.setdefault(kind, type(world.actors["camera"])()) if kind != "touch" else None
        path = repair.path(kind)
        assert all(every_word(world.enter(room, path)))
        course = room._course
        assert course is not None
        for at, step in enumerate(repair.steps):
            for phase in ("step", "working", "failed", *(("asking",) if step.ask else ())):
                course.at, course.phase, course.said_no = at, phase, phase == "failed"  # type: ignore[assignment]
                assert all(every_word(room._shown(tuple(path.split("/")), course)))
        for outcome in ("passed", "failed", "unsure"):
            proof = Proof(NOW, kind, name, "passed", "repair-done")
            room._ended = replace(proof, outcome=outcome)  # type: ignore[arg-type]
            for room._kept in (None, True, False):
                assert all(every_word(room._result(tuple(path.split("/")), course)))
        room.leave(tuple(path.split("/")))
