"""Every page of the maintenance window, in both languages and orientations, keeps what the look promises."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.ui import test_pages as promised
from tests.ui.maintained import enter
from ui.samples_maintenance import maintenance_samples

LOOKS = ["portrait-zh_CN", "landscape-en"]
OTHERS = ["portrait-en", "landscape-zh_CN"]
ALL = bool(os.environ.get("KIOSK_PEER_LOOKS"))
SCENES = "maint-steps-"  # the same page with other pictures
OVER = ("maint-ask", "maint-touch")  # one thing lies over another


@pytest.mark.parametrize("look", LOOKS + OTHERS if ALL else LOOKS)
def test_every_page_is_whole(request: Any, look: str) -> None:
    orientation, language = look.split("-")
    stage = request.getfixturevalue("stage" if orientation == "portrait" else "wide_stage")
    works = enter(stage, language)
    promised.DECORATION.update("维!?▲▼")
    for sample in maintenance_samples(works.language):
        if sample.name.startswith(SCENES) and sample.name != "maint-steps-fault" and not ALL:
            continue
        works.show(sample.snapshot)
        where = f"{'panel ' if sample.name in OVER else ''}{sample.name} ({look})"
        promised._check_texts(stage, False, where)
        promised._check_targets(stage, where)
        promised._check_text_overlap(stage, where)
        if sample.name == "maint-overview-keeper":
            works.tap("maint-menu")
            promised._check_texts(stage, False, f"panel {where}")
            promised._check_targets(stage, f"panel {where}")
            works.tap("maint-menu-close")


def test_nobody_takes_it_for_a_public_page(stage: Any) -> None:
    works = enter(stage)
    works.show("overview")
    image = stage.view.grabWindow()
    assert image.pixelColor(5, 5).name() == "#1a2330"
    assert image.pixelColor(5, 900).name() == "#eef0f3"
    assert image.pixelColor(5, 1915).name() == "#1a2330"
