"""Scripted citizens of 诉求投诉, 用水用气报装, 融资担保 and 社保卡补领: one of each in one demo; every situation
with KIOSK_PEER_PACKS=1."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from tests.visits.test_visits import Played, play

HERE = Path(__file__).parent
ONE_OF_EACH = ("complaint_danger", "utility_water_en", "financing_firm_over", "social_card_lost")
THE_OTHERS = (
    "complaint", "complaint_help", "complaint_advice_en", "complaint_court", "utility_home", "utility_shop",
    "financing_shop", "financing_farm_en", "financing_private", "social_card_agent_en", "social_card_name",
    "social_card_child",
)  # fmt: skip
NAMES = (*ONE_OF_EACH, *THE_OTHERS) if os.environ.get("KIOSK_PEER_PACKS") else ONE_OF_EACH
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    found = play(tmp_path_factory.mktemp("packs_b"), *NAMES, seconds=1180)
    assert found.status == 0, found.said
    return found


def test_every_citizen_ends_as_the_script_says(played: Played) -> None:
    expected = {name: tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))["expect"] for name in NAMES}
    assert {name: played.visit(name)["outcome"] for name in NAMES} == {
        name: expect["outcome"] for name, expect in expected.items()
    }


def test_nobody_is_decided_upon_by_rule(played: Played) -> None:
    assert {visit["outcome"] for visit in played.report["visits"]} == {"referred", "refused"}


def test_each_leaves_one_receipt_and_one_case_at_the_office(played: Played) -> None:
    assert played.report["backend"] == {"cases": len(NAMES), "duplicates": 0}
    assert len([name for name in played.report["documents"] if name.endswith(".png")]) == len(NAMES)
