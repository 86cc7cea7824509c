"""The benches of the vision room run, and say what ``kiosk bench`` understands. Their figures are read, not tested."""

from __future__ import annotations

import pytest

from devices.simulators.portrait import PictureMissing, package_file
from devices.vision import bench_codes, bench_document, bench_face
from kiosk.bench.reading import rows_of


def check(measured: dict[str, object], limit: float) -> None:
    (row,) = rows_of(measured)
    assert row.limit == limit
    assert row.ratio is not None
    assert 0.1 < row.ratio < 5  # in the tests' process OpenMP may have been given a second thread, which only waits


def test_a_document_frame_against_opencv_alone() -> None:
    check(bench_document.measure(rounds=1), 1.10)


def test_codes_against_zxing_alone() -> None:
    for measured in bench_codes.measure(rounds=1):
        check(measured, 1.15)


def test_a_face_against_the_networks_alone() -> None:
    try:
        package_file("skimage", "data/astronaut.png")
    except PictureMissing as missing:
        pytest.skip(str(missing))
    *against, preview = bench_face.measure(rounds=1)
    for measured in against:
        check(measured, 1.20)
    (row,) = rows_of(preview)
    assert (row.unit, row.ratio) == ("ms", None)
    assert row.ok
