"""The built-in packs in the real window: situations trim the form, a refusal says where to go, days are told.

One visit of each kind always; all of them with KIOSK_PEER_PACKS=1.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.visits.test_visits import play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
EACH_KIND = ("permit_moved", "elder_card_early")
THE_OTHERS = ("elder_card", "permit", "unemployment", "flexible", "elder_allowance")


def test_a_situation_trims_the_form_and_a_refusal_says_where_to_go(tmp_path: Path) -> None:
    played = play(tmp_path, *EACH_KIND)
    assert played.status == 0, played.said
    assert [played.visit(name)["outcome"] for name in EACH_KIND] == ["referred", "refused"]
    assert "material" in played.visit("permit_moved")["states"]
    assert played.report["journal"] == {"committed": 2, "acknowledged": 2, "queued": 0, "quarantined": 0}
    assert len(played.report["documents"]) == 2, "a receipt each"


@pytest.mark.skipif(not os.environ.get("KIOSK_PEER_PACKS"), reason="KIOSK_PEER_PACKS plays the other packs' visits")
def test_every_pack_ends_as_its_visit_expects(tmp_path: Path) -> None:
    played = play(tmp_path, *THE_OTHERS)
    assert played.status == 0, played.said
    outcomes = {name: played.visit(name)["outcome"] for name in THE_OTHERS}
    assert outcomes == dict.fromkeys(THE_OTHERS, "approved") | {"elder_allowance": "referred"}
