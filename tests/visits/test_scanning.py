"""A paper under the document camera, through the real window: scanned, read, confirmed, handed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.vision.ocr import OcrReader
from tests.visits.test_visits import play

pytestmark = [
    pytest.mark.skipif(bool(OcrReader.missing()), reason="the extra 'ocr' is not installed"),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]


def test_the_address_is_read_from_a_scanned_paper_and_confirmed_and_a_person_decides(tmp_path: Path) -> None:
    played = play(tmp_path, "scanned")
    assert played.status == 0, played.said
    assert played.visit("scanned")["outcome"] == "referred"
    assert played.visit("scanned")["typed"] == 11, "of a first visit: the telephone alone"
    assert played.report["journal"] == {"committed": 1, "acknowledged": 1, "queued": 0, "quarantined": 0}
    assert len(played.report["documents"]) == 1, "a receipt; nothing was registered"
