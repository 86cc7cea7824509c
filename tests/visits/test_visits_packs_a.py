"""Five packs in the real window: 小餐饮备案, 变更登记, 注销登记, 生育登记, 居住证申领.

Each has a citizen who gets it, or whose matter a person decides, one who is turned away with a way to go, one in each
situation; three are played without a network. Those of one run share one terminal, so that they cost little. One visit
of each pack always; all of them with KIOSK_PEER_PACKS=1.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.visits.test_visits import play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
everything = pytest.mark.skipif(not os.environ.get("KIOSK_PEER_PACKS"), reason="KIOSK_PEER_PACKS plays every visit")
ONE_OF_EACH = {
    "catering_new": "referred",
    "change_away": "refused",
    "closing": "referred",
    "birth_expecting": "approved",
    "first_permit_short": "refused",
}
THE_OTHERS = {
    "catering_cakes": "refused",
    "change_name": "referred",
    "change_moved": "referred",
    "closing_abnormal": "referred",
    "closing_owing": "refused",
    "birth_elsewhere": "refused",
    "first_permit_work": "referred",
    "first_permit_study": "referred",
}
WITHOUT_A_NETWORK = {"birth_born": "approved", "catering_lost": "referred", "change_operator": "referred"}


def test_one_citizen_of_each_pack_ends_as_expected(tmp_path: Path) -> None:
    played = play(tmp_path, *ONE_OF_EACH)
    assert played.status == 0, played.said
    assert {name: played.visit(name)["outcome"] for name in ONE_OF_EACH} == ONE_OF_EACH
    assert played.report["journal"] == {"committed": 5, "acknowledged": 5, "queued": 0, "quarantined": 0}
    assert played.report["backend"] == {"cases": 5, "duplicates": 0}
    assert len(played.report["documents"]) == 5, "a receipt each"
    assert "material" not in played.visit("change_away")["states"], "nothing is asked of who is turned away"


@everything
def test_every_situation_ends_as_its_citizen_expects(tmp_path: Path) -> None:
    played = play(tmp_path, *THE_OTHERS, seconds=850)
    assert played.status == 0, played.said
    assert {name: played.visit(name)["outcome"] for name in THE_OTHERS} == THE_OTHERS
    assert "commitment" not in played.visit("closing_abnormal")["states"], "the simple way is closed to it"


@everything
def test_without_a_network_they_end_by_their_rung(tmp_path: Path) -> None:
    played = play(tmp_path, *WITHOUT_A_NETWORK, options=("--offline",))
    assert played.status == 0, played.said
    assert {name: played.visit(name)["outcome"] for name in WITHOUT_A_NETWORK} == WITHOUT_A_NETWORK
    assert played.report["journal"]["queued"] == 3
    assert played.report["reconnected"]["backend"] == {"cases": 3, "duplicates": 0}
