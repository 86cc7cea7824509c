"""A scripted citizen before the whole cabinet (``--devices all``): every twin on its wire, and the power goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.visits.test_visits import play

pytestmark = pytest.mark.timeout(300)


def test_a_visit_is_ended_and_wiped_when_the_battery_is_low_and_the_mains_bring_the_page_back(tmp_path: Path) -> None:
    played = play(tmp_path, "power_low", options=("--devices", "all"))
    assert played.status == 0, played.said
    visit = played.visit("power_low")
    assert (visit["ends"], visit["saved"], visit["case_no"]) == ("power", False, None)
    assert played.report["journal"]["committed"] == 0
