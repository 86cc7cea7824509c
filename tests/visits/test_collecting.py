"""What the papers promise is kept: with the same card the paper that did not come out, and the licence that was due."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from tests.visits.test_visits import play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_receipt_that_did_not_come_out_is_collected_at_the_next_visit(tmp_path: Path) -> None:
    played = play(tmp_path, "collect")
    assert played.status == 0, played.said
    assert played.report["journal"]["committed"] == 1
    assert len(played.report["documents"]) == 1


def test_a_licence_that_waited_for_the_network_is_collected_once_it_is_confirmed(tmp_path: Path) -> None:
    played = play(tmp_path, "business_offline", "collect_licence")
    assert played.status == 0, played.said
    first, second = (played.visit(name) for name in ("business_offline", "collect_licence"))
    assert (first["outcome"], second["outcome"]) == ("approved", None)
    (licence,) = [name for name in played.report["documents"] if name.endswith(".pdf")]
    with pypdfium2.PdfDocument(tmp_path / licence) as document:
        text = "".join(document[0].get_textpage().get_text_range().split())
    assert "营业执照" in text
    assert first["case_no"] in text
    assert "补打" not in text
    assert played.report["backend"] == {"cases": 1, "duplicates": 0}
