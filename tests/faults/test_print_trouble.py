"""Paper that does not come out, seen from the terminal: told for what it is, the case stays, a second print is a copy.

The real core without a window before the twins of both printers. A citizen waits a few seconds here instead of 75.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest
from PIL import Image

from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk.demo.cabinet import profile
from kiosk.demo.run import Demo
from kiosk.terminal import Terminal
from kiosk.visit import events as ev
from kiosk.visit.screen import FarewellBody, OutcomeBody, PaperLine, Screen, TroubleBody
from tests.crash.terminal_world import until, world
from tests.robot import Robot

PAGE, RECEIPT = "page_printer", "receipt_printer"
WAIT = 4.5  # s that a citizen waits for one paper in these tests

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@dataclass
class Scene:
    demo: Demo
    terminal: Terminal
    robot: Robot
    bugs: list[BaseException]
    cards: Iterator[str]

    @property
    def papers(self) -> Path:
        return self.demo.papers

    def act(self, device: str, action: str, **arguments: Any) -> None:
        self.demo.control.do(device, action, **arguments)

    def counts(self) -> tuple[int, int]:
        assert self.terminal.journal is not None
        counted = self.terminal.journal.counts()
        return counted.committed, counted.acknowledged

    def printed_audit(self, case_id: str, paper_id: str) -> list[tuple[str, int]]:
        """How each print of one paper of a case ended, by the audit chain: outcome and number of the copy."""
        from kiosk.journal import reading

        journal = self.terminal.journal
        assert journal is not None
        with reading.reading(journal._folder, journal._key) as connection:
            rows = connection.execute(
                "SELECT details FROM audit WHERE event = 'paper.ended' AND item = ? ORDER BY seq", (case_id,)
            ).fetchall()
        details = [json.loads(row[0]) for row in rows]
        return [(row["outcome"], row["copy"]) for row in details if row["paper"] == paper_id]

    def mend(self) -> None:
        for device in (PAGE, RECEIPT):
            self.act(device, "ok")
        manager = self.terminal._manager
        assert manager is not None

        began = time.monotonic()

        def well() -> bool:
            """Asked since it was mended, and usable."""
            for device in (PAGE, RECEIPT):
                manager[device].refresh()
            statuses = [manager[device].status for device in (PAGE, RECEIPT)]
            return all(status.usable and status.observed_at > began for status in statuses)

        assert until(well, 20), manager.statuses()

    def home(self) -> None:
        """Whatever page it is on: leave, take the card, and be back at the start."""
        self.terminal.post(ev.QuitPressed())
        self.robot.page("farewell")
        self.act("id_reader", "take")
        self.robot.wait(lambda screen: screen.page == "farewell" and not screen.body.card_on_reader)  # type: ignore[union-attr]  # farewell's body
        self.terminal.post(ev.NextPressed())
        self.robot.page("attract")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("print")
    bugs: list[BaseException] = []
    with world(folder) as demo:
        made = profile(
            demo.ports, folder, enrolment_code=demo.enrolment_code, size=(1080, 1920), language="zh_CN"
        )  # fmt: skip
        terminal = Terminal(made, decoder=SimulatedPhotoDecoder(), failed=bugs.append, print_seconds=WAIT)

        def act(action: str, **arguments: str) -> None:
            demo.control.do("id_reader", action, **arguments)

        robot = Robot(
            terminal,
            lambda card: act("put", card=card),
            lambda: act("take"),
        )
        try:
            terminal.start()
            assert terminal.wait_ready(30)
            assert until(lambda: terminal.supplied, 20)
            yield Scene(demo, terminal, robot, bugs, iter(()))
        finally:
            terminal.stop()
        assert bugs == []


@pytest.fixture(autouse=True)
def next_citizen(scene: Scene) -> Iterator[None]:
    """Each test begins at the start page, however the one before ended."""
    yield
    if scene.robot.last is not None and scene.robot.last.page not in ("attract", "farewell"):
        scene.mend()
        scene.robot.wait(lambda shown: shown.page != "outcome" or not _printing(shown), 60)
        scene.home()


@dataclass(frozen=True)
class Trouble:
    """What happens to which printer, when, and what the citizen must be told of its paper."""

    name: str
    device: str
    act: Callable[[Scene], None]
    reasons: tuple[str, ...]
    states: tuple[str, ...]
    during: bool = False  # once paper is being printed, else before

    def __str__(self) -> str:
        return self.name


def do(device: str, action: str, **arguments: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.act(device, action, **arguments)


def slowly(device: str, seconds: float) -> Callable[[Scene], None]:
    return do(device, "slow", seconds=seconds)


GONE = ("port-missing", "connection-lost")
FAILED, UNKNOWN, EITHER = ("failed",), ("unknown",), ("failed", "unknown")
TROUBLES = (
    Trouble("page paper-out before", PAGE, do(PAGE, "paper-out"), ("media-empty",), FAILED),
    Trouble("page jam before", PAGE, do(PAGE, "jam"), ("media-jam",), FAILED),
    Trouble("page cover-open before", PAGE, do(PAGE, "cover-open"), ("cover-open",), FAILED),
    Trouble("page gone before", PAGE, do(PAGE, "gone"), ("port-missing",), FAILED),
    Trouble("page mute before", PAGE, do(PAGE, "mute"), ("no-answer",), FAILED),
    Trouble("page paper-out in the middle", PAGE, do(PAGE, "paper-out"), ("media-empty",), EITHER, True),
    Trouble("page jam in the middle", PAGE, do(PAGE, "jam"), ("media-jam",), EITHER, True),
    Trouble("page cover-open in the middle", PAGE, do(PAGE, "cover-open"), ("cover-open",), EITHER, True),
    Trouble("page mute in the middle", PAGE, do(PAGE, "mute"), ("no-answer",), UNKNOWN, True),
    Trouble("page gone in the middle", PAGE, do(PAGE, "gone"), ("port-missing", "no-answer"), UNKNOWN, True),
    Trouble("receipt paper-out before", RECEIPT, do(RECEIPT, "paper-out"), ("media-empty",), FAILED),
    Trouble("receipt jam before", RECEIPT, do(RECEIPT, "cutter-jam"), ("cutter",), FAILED),
    Trouble("receipt cover-open before", RECEIPT, do(RECEIPT, "cover-open"), ("cover-open",), FAILED),
    Trouble("receipt gone before", RECEIPT, do(RECEIPT, "unplug"), GONE, FAILED),
    Trouble("receipt mute before", RECEIPT, do(RECEIPT, "mute"), ("no-answer",), EITHER),
    Trouble("receipt paper-out in the middle", RECEIPT, do(RECEIPT, "paper-out"), ("media-empty",), EITHER, True),
    Trouble("receipt jam in the middle", RECEIPT, do(RECEIPT, "cutter-jam"), ("cutter",), EITHER, True),
    Trouble("receipt cover-open in the middle", RECEIPT, do(RECEIPT, "cover-open"), ("cover-open",), EITHER, True),
    # the driver gives up on silence, or the citizen's time is over first while the end of the receipt was never sent
    Trouble("receipt mute in the middle", RECEIPT, do(RECEIPT, "mute"), ("no-answer", "timeout"), EITHER, True),
    Trouble("receipt gone in the middle", RECEIPT, do(RECEIPT, "unplug"), GONE, EITHER, True),
)  # fmt: skip


def line_of(screen: Screen, device: str) -> PaperLine | None:
    body = screen.body
    assert isinstance(body, OutcomeBody)
    return next((paper for paper in body.papers if paper.paper_id == PAPER[device]), None)


PAPER = {PAGE: "licence", RECEIPT: "receipt"}
PLAYED = [trouble for trouble in TROUBLES if trouble.during or os.environ.get("KIOSK_PEER_PAPERS")]
"""In the middle of a paper always; before one (also in test_paper_matrix.py) with KIOSK_PEER_PAPERS=1."""


@pytest.mark.parametrize("trouble", PLAYED, ids=str)
def test_print_trouble_is_told_and_the_second_print_is_a_copy(scene: Scene, trouble: Trouble) -> None:
    scene.mend()
    committed, _ = scene.counts()
    service, card, way = (
        ("individual_business", "resident", "face")
        if trouble.device == PAGE
        else ("pension_verification", "elder", "later")
    )
    robot, terminal = scene.robot, scene.terminal
    robot.passed.clear()
    stop = "sign" if trouble.device == PAGE else "review"
    last = robot.until(stop, service, card, way)
    if trouble.during:
        scene.act(trouble.device, "slow", seconds=2.5 if trouble.device == PAGE else 0.004)
    else:
        trouble.act(scene)
    robot._answer(last, service, card, way)
    if trouble.during:
        robot.wait(lambda screen: screen.page == "outcome" and _begun(screen, trouble.device))
        began = time.monotonic()
        assert until(lambda: _busy(scene, trouble.device), 5), time.monotonic() - began
        trouble.act(scene)
    seen: list[Screen] = []
    unsubscribe = terminal.subscribe(seen.append)
    screen = robot.page("trouble", 60)
    unsubscribe()
    body = screen.body
    assert isinstance(body, TroubleBody)
    state = "unknown" if not body.certain else "failed"
    print(f"\n{trouble}: {state} {body.reason} {scene.demo.control.state(trouble.device)}")
    assert body.reason in trouble.reasons
    assert state in trouble.states
    lines = [line for shown in seen if shown.page == "outcome" and (line := line_of(shown, trouble.device))]
    assert not any(line.state == "done" for line in lines), "shown as printed"
    assert scene.counts()[0] == committed + 1
    assert until(lambda: scene.counts() == (committed + 1, committed + 1), 15), "a failed print kept the case back"

    before = set(scene.papers.iterdir())
    scene.mend()
    terminal.post(ev.TroubleChosen("retry"))
    robot.page("outcome")
    again = robot.wait(lambda shown: shown.page != "outcome" or not _printing(shown), 60)
    assert again.page == "outcome", again.body
    copy = line_of(again, trouble.device)
    assert copy is not None
    assert copy.state == "done"
    assert terminal.journal is not None
    case = terminal.journal.cases()[-1]
    audit = scene.printed_audit(case.case_id, PAPER[trouble.device])
    assert audit[-1] == ("printed", 1)
    assert ("printed", 0) not in audit
    fresh = sorted(set(scene.papers.iterdir()) - before)
    assert fresh, "nothing came out"
    assert says_copy(fresh[-1])
    assert scene.counts()[0] == committed + 1, "printing again made another case"
    scene.home()
    assert isinstance(robot.last, Screen)


def _begun(screen: Screen, device: str) -> bool:
    line = line_of(screen, device)
    return line is not None and line.state == "printing" and line.pages_total > 0


def _busy(scene: Scene, device: str) -> bool:
    state = scene.demo.control.state(device)
    if device == PAGE:
        return bool(state["last_job"] and state["last_job"]["state"] == "processing")  # type: ignore[call-overload,index]  # the twin's own table
    return int(state["rows_out"]) > 40  # type: ignore[arg-type]  # a number


def _printing(screen: Screen) -> bool:
    assert isinstance(screen.body, OutcomeBody)
    return screen.body.printing


def says_copy(paper: Path) -> bool:
    """A PDF by its text; a receipt, which is dots, by the black band that only a copy bears (and by the audit row)."""
    if paper.suffix == ".pdf":
        with pypdfium2.PdfDocument(paper) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document)
        return "副本" in text and "补打第 1 次" in text
    return black_bands(paper) > 0


def black_bands(paper: Path) -> int:
    """Bands of at least 20 rows, both of whose edges are black."""
    with Image.open(io.BytesIO(paper.read_bytes())) as opened:
        picture = opened.convert("1")
    width, height = picture.size
    bands = run = 0
    for y in range(height):
        black = all(picture.getpixel((x, y)) == 0 for x in (30, 40, width - 40, width - 30))
        run = run + 1 if black else 0
        bands += run == 20
    return bands


def test_whoever_gives_up_on_the_paper_leaves_with_the_case_saved(scene: Scene) -> None:
    scene.mend()
    committed, _ = scene.counts()
    last = scene.robot.until("review", "pension_verification", "elder", "later")
    scene.act(RECEIPT, "paper-out")
    scene.robot._answer(last, "pension_verification", "elder", "later")
    scene.robot.page("trouble", 60)
    scene.terminal.post(ev.QuitPressed())
    screen = scene.robot.page("farewell")
    assert isinstance(screen.body, FarewellBody)
    assert screen.body.saved
    assert screen.body.reason == "done"
    assert screen.body.case_no
    assert until(lambda: scene.counts() == (committed + 1, committed + 1), 15)
    scene.act("id_reader", "take")
    scene.robot.wait(lambda shown: not shown.body.card_on_reader)  # type: ignore[union-attr]  # farewell's body
    scene.terminal.post(ev.NextPressed())
    scene.robot.page("attract")
