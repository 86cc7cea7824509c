"""Technicians' visits through the real screens, each from a planted fault to the proof of its repair.

A script ends on the repair's own test, which was recorded as passed; then the overview says that all is well, and after
staff have left a citizen is served to the end on the same terminal. The count of touches stands in the report, and is
printed (``pytest -s``). Two of them are played always, the others with KIOSK_PEER_MAINTENANCE=1.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from devices.simulators.control import Control
from tests.visits.maintenance.technician_room import LOOK_EVERY, Played, Proof, play

STAFF = "0417"
REPAIRS = {
    "paper_roll": ("receipt_printer", "roll"),
    "paper_jam": ("page_printer", "jam"),
    "paper_jam_receipt": ("receipt_printer", "jam"),
    "a4_empty": ("page_printer", "sheets"),
    "id_reader_unplugged": ("id_reader", "reader"),
    "id_reader_silent": ("id_reader", "reader"),
    "camera_unplugged": ("camera", "swap"),
    "camera_moved": ("document_camera", "aim"),
    "glass_dirty": ("document_camera", "glass"),
    "receipt_mute": ("receipt_printer", "wake"),
    "keeper_paper": ("page_printer", "sheets"),
}
"""Script -> what is repaired in it, and the repair's name."""
ORDINARY = ("id_reader_unplugged", "paper_jam")
PEER = tuple(name for name in REPAIRS if name not in ORDINARY)
CITIZEN = "pension"
OTHERS = (
    "staff_code",
    "referred_en",
    "paper_out",
)  # played nowhere else in the ordinary run, and after technicians here

pytestmark = pytest.mark.timeout(600)
peer = pytest.mark.skipif(not os.environ.get("KIOSK_PEER_MAINTENANCE"), reason="KIOSK_PEER_MAINTENANCE plays every one")


def visited(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*(f"maintenance/{name}" for name in names), CITIZEN)


def proven(played: Played, name: str) -> None:
    """The script came to its end, and the repair's recorded test has passed by the hand of whoever was let in."""
    visit = played.visit(name)
    assert visit["ok"], visit["error"]
    assert visit["touches"] > 0
    subject, repair = REPAIRS[name]
    assert played.last(subject, repair) == Proof(subject, repair, "passed", "repair-done", STAFF)


def left_clean(played: Played) -> None:
    """Every visit came to its end, the citizens' after staff had left; nothing of the terminal has crashed."""
    assert played.status == 0, played.said
    assert "Traceback" not in played.said
    assert "qml" not in played.said.lower()
    citizen = played.report["visits"][-1]
    assert (citizen["ok"], citizen["saved"], citizen["ends"]) == (True, True, "done")
    events = played.events()
    assert events.count("maintenance.begun") == events.count("maintenance.ended") > 0


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Played:
    names = (*(f"maintenance/{name}" for name in ORDINARY), *OTHERS)
    played = play(tmp_path_factory.mktemp("technician") / "out", *names, options=("--size", "1920x1080"))
    print("\n" + played.touches())
    return played


@pytest.mark.parametrize("name", ORDINARY)
def test_a_fault_is_found_mended_and_proven(ordinary: Played, name: str) -> None:
    proven(ordinary, name)


def test_afterwards_citizens_are_served_and_find_their_way(ordinary: Played) -> None:
    left_clean(ordinary)
    assert [ordinary.visit(name)["ends"] for name in OTHERS] == ["done"] * len(OTHERS)
    assert ordinary.visit("referred_en")["outcome"] == "referred"
    assert "trouble" in ordinary.visit("paper_out")["states"]


@peer
@pytest.mark.parametrize("size", ["1080x1920", "1920x1080"])
def test_every_other_fault_is_found_mended_and_proven(tmp_path: Path, size: str) -> None:
    played = play(tmp_path / "out", *visited(PEER), options=("--size", size), seconds=500)
    print("\n" + played.touches())
    left_clean(played)
    for name in PEER:
        proven(played, name)


# -- where somebody acts outside the window


def _sql(out: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(out / "backend" / "backend.db", timeout=10)) as store:
        store.execute(statement, values)
        store.commit()


def _taken_away(out: Path) -> None:
    """The backend has forgotten which numbers it gave to the terminal, as one that was restored from an old copy."""
    _sql(out, "CREATE TABLE put_aside AS SELECT * FROM blocks")
    _sql(out, "DELETE FROM blocks")


def _given_back(out: Path) -> None:
    _sql(out, "INSERT INTO blocks SELECT * FROM put_aside")
    _sql(out, "DROP TABLE put_aside")


def _carried(out: Path) -> None:
    """Whoever stands there takes the test page, which comes after the report, and lays it under the document camera."""
    limit = time.monotonic() + 60
    while len(pages := sorted(out.glob("papers/*.pdf"))) < 2:
        assert time.monotonic() < limit, "no test page has come out"
        time.sleep(LOOK_EVERY)
    with closing(Control(out / "control.sock", 30)) as control:
        control.do("document_camera", "lay-print", file=str(pages[-1]))


@peer
def test_what_the_backend_refuses_is_understood_put_right_and_sent(tmp_path: Path) -> None:
    """Of one case alone: it is refused for good, an administrator releases it, and the backend has it."""
    deeds = {"numbers": _taken_away, "put_right": _given_back}
    played = play(tmp_path / "out", "maintenance/refused", "maintenance/queue_refused", CITIZEN, deeds=deeds)
    print("\n" + played.touches())
    left_clean(played)
    assert played.report["journal"] == {"committed": 2, "acknowledged": 2, "queued": 0, "quarantined": 0}
    assert played.report["backend"]["cases"] == 2
    assert "queue.settled" in played.events()


@peer
def test_the_readiness_report_is_printed_and_a_test_page_is_read_back(tmp_path: Path) -> None:
    played = play(tmp_path / "out", *visited(("report_printed",)), deeds={"carried": _carried})
    print("\n" + played.touches())
    left_clean(played)
    proof = played.last("page_printer", "streaks")
    assert (proof.outcome, proof.code, proof.by) == ("passed", "print-clean", STAFF)


# -- by card


@peer
def test_staff_enter_by_card_and_pin_and_never_into_a_visit(tmp_path: Path) -> None:
    names = ("staff_card", "staff_during_visit")
    played = play(tmp_path / "out", *visited(names), options=("--devices", "all"))
    print("\n" + played.touches())
    left_clean(played)
    assert played.last("receipt_printer", "roll") == Proof("receipt_printer", "roll", "passed", "repair-done", STAFF)
    served = played.visit("staff_during_visit")
    assert served["states"].index("entry") > served["states"].index("farewell")
    assert "maintenance" not in served["states"][: served["states"].index("entry")]
