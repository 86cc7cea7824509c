"""A scripted citizen before the whole cabinet (``--devices all``): every twin on its wire, and the power goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.voice.engine import missing
from tests.visits.test_visits import play

pytestmark = pytest.mark.timeout(300)


def test_a_visit_is_ended_and_wiped_when_the_battery_is_low_and_the_mains_bring_the_page_back(tmp_path: Path) -> None:
    played = play(tmp_path, "power_low", options=("--devices", "all"))
    assert played.status == 0, played.said
    visit = played.visit("power_low")
    assert (visit["ends"], visit["saved"], visit["case_no"]) == ("power", False, None)
    assert played.report["journal"]["committed"] == 0


@pytest.mark.skipif(not os.environ.get("KIOSK_PEER_PACKS"), reason="KIOSK_PEER_PACKS plays every visit")
@pytest.mark.skipif(missing() != "", reason=missing() or "it speaks")
def test_pages_are_read_aloud_by_a_touch_and_silenced_by_another(tmp_path: Path) -> None:
    played = play(tmp_path, "listens", options=("--devices", "all"))
    assert played.status == 0, played.said
    assert played.visit("listens")["ends"] == "quit"
