"""Closed loops: each outcome of a device is one code of a proof, and every code has its words in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, Level, State, Status, TestResult
from devices.contracts.document_camera import DocumentHint, DocumentUnavailable, NotCaptured
from devices.contracts.inspection import Inspection, Place, ReadBack, Third
from devices.contracts.listening import LoopHeard, LoopSilent
from devices.contracts.printing import NotPrinted, Printed, Unknown
from kiosk.domain.beijing import CHINA
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.health.loops_camera import Commission, Glass, Sight
from kiosk.health.loops_print import Bench, TestPage, TestReceipt
from kiosk.health.loops_sound import SoundHeard, SoundPath
from kiosk.health.proofs import Proof
from kiosk.health.references import References
from kiosk.journal.proofs import checked
from kiosk.workers import WorkerDied

NOW = datetime(2026, 11, 27, 3, 12, tzinfo=CHINA)
CODE = "KIOSK-TEST T-1 20261127031200 0007"
BROKEN = DeviceError("gone", "no camera", advice="look", retryable=True)


class Running:
    """An actor that does everything at once, in the caller's thread."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(command(self._device, Deadline.after(timeout)))
        except DeviceError as error:
            future.set_exception(error)
        return future


def actor(device: Any) -> Any:
    return Running(device)


class Camera:
    """Answers what it is given; an error is raised."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.given: list[bytes] = []

    def inspect(self, reference: bytes, deadline: Deadline) -> Any:
        self.given.append(reference)
        return self._said()

    def take_reference(self, deadline: Deadline) -> Any:
        return self._said()

    def read_back(self, deadline: Deadline) -> Any:
        return self._said()

    def _said(self) -> Any:
        if isinstance(self.answer, DeviceError):
            raise self.answer
        return self.answer


def said(proof: Proof) -> tuple[str, str]:
    checked(proof)  # of the form that the journal keeps
    for language in ("zh_CN", "en"):
        words = json.loads(Path(f"ui/i18n/maintenance/proof.{language}.json").read_text("utf-8"))
        assert words[f"maint.proof.{proof.code}"].format(*proof.values)
    return proof.outcome, proof.code


@pytest.fixture
def references(tmp_path: Path) -> References:
    kept = References(tmp_path)
    kept.keep("document_camera", b"a reference")
    return kept


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Inspection(False, False, False, 0.0, ()), ("passed", "sight-clear")),
        (Inspection(True), ("failed", "sight-covered")),
        (Inspection(False, False, True, 5.6), ("failed", "sight-moved")),
        (Inspection(False, True, True, 100.0), ("failed", "sight-moved")),
        (Inspection(False, True, None), ("passed", "sight-occupied")),
        (BROKEN, ("failed", "sight-dead")),
        (DeviceError("device-busy", "", advice="", retryable=True), ("unsure", "sight-failed")),
        (DeviceError("covered", "", advice="", retryable=True), ("failed", "sight-covered")),
    ],
)
def test_sight(references: References, answer: Any, wanted: tuple[str, str]) -> None:
    assert said(Sight("document_camera", actor(Camera(answer)), references, lambda: NOW).run()) == wanted


def test_a_camera_without_a_reference_is_asked_whether_it_is_covered(references: References) -> None:
    camera = Camera(Inspection(False))
    assert said(Sight("camera", actor(camera), references, lambda: NOW).run()) == ("passed", "sight-uncompared")
    assert camera.given == [b""]


@pytest.mark.parametrize("device", [object(), None])
def test_a_camera_that_cannot_is_never_well(references: References, device: object) -> None:
    there = actor(device) if device is not None else None
    assert Sight("camera", there, references, lambda: NOW).run().outcome == "unsure"
    assert Glass("document_camera", there, references, lambda: NOW).run().outcome == "unsure"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Inspection(False, False, False, 0.0, ()), ("passed", "glass-clean")),
        *((Inspection(False, False, False, 0.0, (place,)), ("failed", f"glass-dirty-{place.value.replace('_', '-')}"))
          for place in Place),
        (Inspection(False, True), ("unsure", "glass-occupied")),
        (Inspection(True), ("unsure", "glass-unsure")),
        (BROKEN, ("unsure", "glass-not-seen")),
        (DeviceError("bad-reference", "", advice="", retryable=False), ("unsure", "glass-no-reference")),
    ],
)  # fmt: skip
def test_glass(references: References, answer: Any, wanted: tuple[str, str]) -> None:
    assert said(Glass("document_camera", actor(Camera(answer)), references, lambda: NOW).run()) == wanted


def test_a_reference_is_kept_whole_and_only_of_an_unspoilt_camera(references: References) -> None:
    taken = Commission("camera", actor(Camera(b"new")), references, lambda: NOW)
    assert said(taken.run()) == ("passed", "reference-kept")
    assert references.of("camera") == b"new"
    for code in ("occupied", "covered"):
        refused = DeviceError(code, "", advice="", retryable=True)
        assert said(Commission("camera", actor(Camera(refused)), references, lambda: NOW).run()) == (
            "failed", f"reference-{code}",
        )  # fmt: skip
    assert references.of("camera") == b"new"
    references.forget("camera")
    assert references.of("camera") == b""
    with pytest.raises(ValueError, match="kind"):
        references.of("../journal")


class Printer:
    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome

    def print_pdf(self, pdf: bytes, **_: object) -> Any:
        return self._outcome

    def print_raster(self, raster: object, **_: object) -> Any:
        return self._outcome


def test_a_page_is_waited_for_until_nobody_waits_any_more() -> None:
    camera, there = Camera(NotCaptured(DocumentHint.NO_DOCUMENT)), iter((True, True, True, False))
    asked: list[float] = []

    class Late(Running):
        def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
            asked.append(timeout)
            return super().submit(command, timeout)

    made = replace(bench(), going=lambda: next(there))
    proof = TestPage(made, actor(Printer(Printed(1))), Late(camera), read_seconds=90.0).run()  # type: ignore[arg-type]
    assert said(proof) == ("unsure", "print-not-laid")
    assert asked == [10.0, 10.0, 10.0]
    asked.clear()
    TestPage(bench(), actor(Printer(Printed(1))), Late(camera), read_seconds=25.0).run()  # type: ignore[arg-type]
    assert asked == [10.0, 10.0, 5.0]


def bench(*, draws: bool = True) -> Bench:
    def draw(paper: PaperContent, seconds: float) -> RenderedPaper:
        if not draws:
            raise WorkerDied
        return RenderedPaper("test_page", "report", 1, b"%PDF", 8, 1, b"\xff")

    def content(kind: str, at: datetime, serial: str) -> PaperContent:
        return PaperContent("test_page", "report", "test_page", "", "", "", {}, qr=CODE)

    return Bench(draw, content, lambda: "0007", lambda: NOW)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (ReadBack(CODE, (), 0.9), ("passed", "print-clean")),
        *((ReadBack(CODE, (third,), 0.9), ("failed", f"print-streaked-{third.value}")) for third in Third),
        (ReadBack(CODE, (Third.LEFT, Third.RIGHT), 0.9), ("failed", "print-streaked-several")),
        (ReadBack(CODE, None, 0.2), ("failed", "print-faded")),
        (ReadBack("", None, 0.0), ("unsure", "print-no-test-page")),
        (ReadBack(CODE.replace("0007", "0006"), (), 0.9), ("unsure", "print-other-page")),
        (ReadBack("", (), 0.9), ("failed", "print-code-unread")),
        (NotCaptured(DocumentHint.NO_DOCUMENT), ("unsure", "print-not-laid")),
        (DocumentUnavailable(Fault("gone", Action.RESET)), ("unsure", "print-not-seen")),
        (BROKEN, ("unsure", "print-not-seen")),
    ],
)
def test_what_is_printed_is_read_back(seen: Any, wanted: tuple[str, str]) -> None:
    loop = TestPage(bench(), actor(Printer(Printed(1))), actor(Camera(seen)))
    assert said(loop.run()) == wanted


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (NotPrinted(Fault("media-empty", Action.REPLENISH)), ("failed", "print-not-printed")),
        (Unknown(Fault("no-answer", Action.RESET)), ("unsure", "print-unknown")),
    ],
)
def test_what_did_not_come_out_is_not_looked_for(outcome: Any, wanted: tuple[str, str]) -> None:
    camera = Camera(AssertionError("not to be asked"))
    proof = TestPage(bench(), actor(Printer(outcome)), actor(camera)).run()
    assert (said(proof), proof.test) == (wanted, "print")
    assert said(TestReceipt(bench(), actor(Printer(outcome))).run()) == wanted


def test_a_page_that_cannot_be_drawn_and_a_printer_that_is_not_there() -> None:
    assert said(TestPage(bench(draws=False), None, None).run()) == ("failed", "print-not-drawn")
    assert said(TestPage(bench(), None, None).run()) == ("failed", "print-not-printed")
    assert said(TestReceipt(bench(), actor(Printer(Printed(1)))).run()) == ("passed", "print-done")


class Sound:
    def __init__(self, heard: Any = None, *, faults: tuple[Fault, ...] = (), passed: bool = True) -> None:
        self.listens = heard is not None
        self._heard, self._faults, self._passed = heard, faults, passed

    def reset(self, deadline: Deadline) -> None: ...

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        return TestResult(level, self._passed, "silence was played" if self._passed else "CutShort: sound-failed")

    def poll(self, deadline: Deadline) -> Status:
        return Status(State.ONLINE, self._faults)

    def listen(self, deadline: Deadline) -> Any:
        return self._heard


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        (LoopHeard(31.0), ("passed", "sound-heard")),
        (LoopSilent(2.0), ("failed", "sound-silent")),
        (None, ("unsure", "sound-nobody-hears")),
        (Fault("microphone-dead", Action.CALL_TECHNICIAN, "zeros"), ("unsure", "sound-microphone-dead")),
        (Fault("port-missing", Action.CONFIGURE), ("failed", "sound-dead")),
    ],
)
def test_the_chime_is_heard_or_it_is_not_well(heard: Any, wanted: tuple[str, str]) -> None:
    assert said(SoundHeard(actor(Sound(heard)), lambda: NOW).run()) == wanted


def test_the_way_to_the_loudspeaker() -> None:
    mixer = Fault("mixer-missing", Action.CONFIGURE, "mixer: there is none", blocking=False)
    headphone = Fault("port-missing", Action.CONFIGURE, "headphone: there is none", blocking=False)
    told = [said(SoundPath(actor(sound), lambda: NOW).run()) for sound in (
        Sound(), Sound(faults=(headphone,)), Sound(faults=(mixer,)), Sound(passed=False),
    )]  # fmt: skip
    well, dead = ("passed", "sound-path"), ("failed", "sound-dead")
    assert told == [well, well, dead, dead]
    assert said(SoundPath(None, lambda: NOW).run()) == dead
