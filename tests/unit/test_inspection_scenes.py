"""A camera looks at itself, on drawn desks: covered, moved, dirty glass, a streaked print; silent where all is well.

``KIOSK_PEER_SCENES=200`` takes so many desks of each kind.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from devices.contracts.inspection import CODE_HEAD, Place
from devices.simulators import printed
from devices.vision.inspection import BadReference, common, inspect, packed, place_of, unpacked
from devices.vision.streaks import judge
from kiosk.documents import render, test_page
from kiosk.domain.place import Place as Site
from tests.unit.inspection_scenes import KINDS, WANTED, desk, figures, later, pictures, print_figures

SCENES = int(os.environ.get("KIOSK_PEER_SCENES", "2"))
SITE = Site("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")


@pytest.fixture(scope="module")
def test_print(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test page as the terminal prints it."""
    content = test_page.content(
        SITE, terminal="T-140213-0001", at=datetime(2026, 11, 27, 3, 12), serial="0007", printer="ipp", software="1"
    )
    file = tmp_path_factory.mktemp("print") / "page.pdf"
    file.write_bytes(render.render(content).pdf)
    return file


@pytest.mark.timeout(900 if SCENES > 10 else 60)
def test_what_is_wrong_is_seen_and_nothing_where_all_is_well() -> None:
    told = figures(SCENES, first=1000)
    wanted = {"well": "well", "dirty": "dirty", "smeared": "dirty", "moved": "moved", "covered": "covered"}
    for kind in KINDS:
        assert told[kind][wanted[kind]] >= SCENES - SCENES // 50, (kind, told[kind])
    assert told["well"]["well"] == SCENES  # a false alarm is a technician's journey
    assert told["dirty"]["placed"] >= SCENES - SCENES // 20


@pytest.mark.timeout(900 if SCENES > 10 else 60)
def test_streaks_are_counted_where_they_lie(test_print: Path) -> None:
    pages = max(1, SCENES // 2)
    told = print_figures(pages, test_print, first=500)
    assert told["well streaked"] == 0
    assert told["well right"] >= pages - pages // 25
    assert told["spoilt right"] >= pages - pages // 25


def test_a_page_upside_down_is_read_all_the_same(test_print: Path) -> None:
    page = printed.streaked(printed.sheet(test_print), ("left",), "dark")
    flat = np.ascontiguousarray(np.asarray(page)[::-1, ::-1, ::-1])
    found = judge(flat, WANTED)
    assert found.code.startswith(f"{CODE_HEAD}T-140213-0001 ")
    assert [third.value for third in found.streaks or ()] == ["left"]


def test_any_other_page_is_no_test_page() -> None:
    white = np.full((1485, 1050, 3), 235, np.uint8)
    assert judge(white, WANTED).streaks is None


def test_a_paper_on_the_desk_is_no_dirt_and_a_hidden_desk_has_not_moved() -> None:
    before = desk(5)
    reference = packed(common(pictures(before), WANTED.width))
    found = inspect(pictures(later(before, "well")[0]), reference, WANTED, occupied=True)
    assert (found.covered, found.occupied, found.spots) == (False, True, None)
    other = inspect(pictures(desk(77)), reference, WANTED, occupied=True)
    assert other.moved is None


def test_without_a_reference_a_camera_is_only_covered_or_not() -> None:
    found = inspect(pictures(desk(5)), b"", WANTED, occupied=False)
    assert (found.covered, found.moved, found.spots) == (False, None, None)
    assert inspect([np.full((480, 640, 3), 3, np.uint8)] * 3, b"", WANTED, occupied=False).covered


@pytest.mark.parametrize("reference", [b"x", b"\x89PNG\r\n\x1a\n", b"y" * 300_000])
def test_bytes_that_are_no_reference_are_refused(reference: bytes) -> None:
    with pytest.raises(BadReference):
        unpacked(reference, (240, 320))


def test_a_reference_of_another_shape_is_refused() -> None:
    with pytest.raises(BadReference):
        unpacked(packed(np.zeros((120, 160), np.float32)), (240, 320))


def test_nine_fields() -> None:
    assert place_of(5, 5, (240, 320)) is Place.UPPER_LEFT
    assert place_of(160, 120, (240, 320)) is Place.MIDDLE
    assert place_of(319, 239, (240, 320)) is Place.LOWER_RIGHT
