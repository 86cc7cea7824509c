"""A child presses whatever there is, for as long as it likes: nobody is let into maintenance by that, and nothing ends.

Fingers fall on the real window at every page from which there is a way in: start page, entry page, out of service, and
work that is going on. KIOSK_FUZZ_ENTRY=3000 makes it so many touches a page (60 otherwise), KIOSK_FUZZ_ENTRY_SEED
another story.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.journal import reading
from kiosk.journal.keys import load_or_create_key
from tests.crash.maintained_child import PROFILE
from tests.crash.terminal_world import TerminalProcess, look, marked, until, world

TOUCHES = int(os.environ.get("KIOSK_FUZZ_ENTRY", "60"))
SEED = int(os.environ.get("KIOSK_FUZZ_ENTRY_SEED", "20261127"))
ROWS_A_TOUCH = 2  # of the audit log, at the most: nobody fills a disk with one finger
PLACES = ("attract", "under_work", "out_of_service")
PATHS = (
    "overview", "repairs", "repairs/reader/id_reader", "repairs/aim/camera", "repairs/roll/receipt_printer", "tests",
    "tests/camera", "tests/all", "supplies", "queue", "queue/1", "queue/1/reject", "network", "log", "settings",
    "settings/terminal.phone", "settings/backend.url", "software", "report", "power", "power/close",
    "power/close/other", "power/close/other/minutes", "nowhere", "", "..", "queue/../settings", "overview/settings",
)  # fmt: skip
ACTS = (
    "release", "reject", "send", "typed", "chosen", "toggle", "keep", "usual", "discard", "try", "confirm", "roll_back",
    "close", "take", "open", "restart", "shut_down", "test_on", "test_off", "run", "updates", "touched", "next", "\0",
)  # fmt: skip
VALUES = ("", "damaged")
CHANGES = {
    "queue.settled", "profile.tried", "profile.confirmed", "test_mode.switched", "terminal.closed_here",
    "terminal.opened_here", "terminal.restart_asked", "terminal.shutdown_asked", "network.asked",
}  # fmt: skip
ROOMS = {
    "keeper": {"overview", "repairs", "supplies", "report"},
    "technician": {
        "overview", "repairs", "tests", "supplies", "queue", "network", "log", "report", "settings", "software",
        "power",
    },
}  # fmt: skip
OPEN_TO_TECHNICIANS = {"restart", "test_on", "test_off", "close", "take", "open", "run", "typed"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 3 * TOUCHES)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("child")


@pytest.fixture(scope="module")
def life(folder: Path) -> Iterator[TerminalProcess]:
    with world(folder) as demo:
        made = TerminalProcess(demo, folder, module="tests.faults.maintenance_child")
        try:
            assert made.wait(lambda words: "ready" in words), made.errors.read_text()[-3000:]
            yield made
        finally:
            made.kill()
            assert until(lambda: not marked(made.mark), 10)


def do(life: TerminalProcess, order: str, **words: Any) -> dict[str, Any]:
    life.forget()
    life.order(order, **words)
    said = life.wait(lambda words: words.get("done") == order, 60 + 2 * TOUCHES)
    assert said is not None, f"the terminal ended: {life.errors.read_text()[-3000:]}"
    return said


@pytest.mark.parametrize("place", PLACES)
def test_nobody_is_let_in_by_touching_whatever_there_is(life: TerminalProcess, folder: Path, place: str) -> None:
    if place == "under_work":
        do(life, "enter")
        do(life, "locks")
    elif place == "out_of_service":
        do(life, "closes", reason="other")
    before = do(life, "rows")["count"]
    said = do(life, "fuzz", seed=SEED + PLACES.index(place), touches=TOUCHES)
    assert "maintenance" not in [*said["pages"], *life.pages]
    assert {place, "entry"} <= set(said["pages"])
    assert said["rested"] == place, "after everybody had gone it was another page"
    assert do(life, "rows")["count"] - before <= ROWS_A_TOUCH * TOUCHES
    assert look(folder)[1] == [], "a case came about"
    if place == "under_work":
        do(life, "unlocks")  # whoever works here goes on where they were
        do(life, "leaves")
    elif place == "out_of_service":
        do(life, "closes", reason="")
    assert do(life, "standing")["inside"] is False
    do(life, "enter")  # the right code lets in, whatever was pressed before: a child locks nobody out
    do(life, "leaves")


@pytest.mark.parametrize("role", ROOMS)
def test_no_intent_of_a_role_does_what_the_table_does_not_say(life: TerminalProcess, folder: Path, role: str) -> None:
    """Whoever works here has the window alone; this is one that was broken into. Each act is asked for and answered."""
    kept = OPEN_TO_TECHNICIANS if role == "technician" else set()
    names = [name for name in ACTS if name not in kept]
    acts = [[f"{name}{end}", value] for name in names for end in ("", ".yes") for value in VALUES]
    before, seq = (folder / PROFILE).read_bytes(), do(life, "rows")["count"]
    pages = do(life, "schemes", role=role, paths=PATHS, acts=acts)["pages"]
    assert {page.split("/")[0] for page in pages} == ROOMS[role]
    if role == "keeper":
        assert not {"repairs/reader/id_reader", "repairs/aim/camera"} & set(pages)
    assert not CHANGES & events(folder, seq)
    assert (folder / PROFILE).read_bytes() == before
    assert not list(folder.glob(f"{PROFILE}.*"))
    assert "maintenance.refused" in events(folder, seq)


def events(folder: Path, after: int) -> set[str]:
    """What the audit log has come to say since."""
    journal = folder / "data" / "journal"
    with reading.reading(journal, load_or_create_key(journal)) as connection:
        return {row[0] for row in connection.execute("SELECT event FROM audit WHERE seq > ?", (after,))}
