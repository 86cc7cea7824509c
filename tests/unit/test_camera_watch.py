"""Frozen, covered and gone are told from the shots and the clock alone."""

from __future__ import annotations

import numpy as np

from devices.vision.capture import CaptureFault, Shot, Watch, inspect
from devices.vision.parameters import CaptureParameters

WANTED = CaptureParameters(stale_after=2.0, identical_after=3.0, covered_after=0.7, open_seconds=5.0)


def shot(seen: float, *, checksum: int = 0, light: float = 120, deviation: float = 40) -> Shot:
    return Shot(np.zeros((2, 2, 3), np.uint8), 1, seen, light, deviation, checksum or int(seen * 1000) + 1)


def opened(*, still: bool = False) -> Watch:
    watch = Watch(WANTED, 0.0)
    watch.opened(0.0, still=still)
    return watch


def test_a_flowing_camera_has_no_fault() -> None:
    watch = opened()
    for tenth in range(100):
        watch.saw(shot(tenth / 10))
        assert watch.fault(tenth / 10) is None


def test_no_new_picture_is_frozen() -> None:
    watch = opened()
    watch.saw(shot(1.0))
    assert watch.fault(2.9) is None
    assert watch.fault(3.1) is CaptureFault.FROZEN


def test_the_same_picture_again_and_again_is_frozen_and_not_fresh() -> None:
    watch = opened()
    watch.saw(shot(0.0, checksum=7))
    for tenth in range(1, 32):
        again = watch.saw(shot(tenth / 10, checksum=7))
        assert not again.fresh
    assert watch.fault(3.1) is CaptureFault.FROZEN


def test_a_still_picture_may_repeat() -> None:
    watch = opened(still=True)
    for second in range(10):
        assert watch.saw(shot(float(second), checksum=7)).fresh
    assert watch.fault(9.0) is None


def test_pictures_without_content_are_covered_after_a_while() -> None:
    watch = opened()
    watch.saw(shot(0.0))
    watch.saw(shot(0.5, light=3, deviation=2))
    assert watch.fault(0.5) is None
    watch.saw(shot(0.8, light=3, deviation=2))
    assert watch.fault(0.8) is CaptureFault.COVERED
    watch.saw(shot(0.9))
    assert watch.fault(0.9) is None


def test_a_bright_even_sticker_is_covered_too() -> None:
    watch = opened()
    for tenth in range(10):
        watch.saw(shot(tenth / 10, light=200, deviation=3))
    assert watch.fault(0.9) is CaptureFault.COVERED


def test_a_dark_booth_with_contours_is_not_covered() -> None:
    watch = opened()
    for tenth in range(10):
        watch.saw(shot(tenth / 10, light=10, deviation=15))
    assert watch.fault(0.9) is None


def test_a_source_that_ends_or_does_not_open_is_gone() -> None:
    watch = Watch(WANTED, 0.0)
    assert watch.fault(4.9) is None
    assert watch.fault(5.1) is CaptureFault.GONE
    watch.opened(6.0, still=False)
    assert watch.fault(6.1) is None
    watch.ended(6.2)
    assert watch.fault(6.2) is CaptureFault.GONE


def test_inspection_measures_light_and_tells_pictures_apart() -> None:
    grey = np.full((480, 640, 3), 100, np.uint8)
    marked = grey.copy()
    marked[::4, ::4, 0] += 1
    first, second = inspect(grey, 1, 0.0), inspect(marked, 2, 0.1)
    assert (first.light, first.deviation) == (100.0, 0.0)
    assert first.checksum != second.checksum
