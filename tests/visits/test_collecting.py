"""What the papers promise is kept: with the same card the paper that did not come out, and the licence that was due."""

from __future__ import annotations

import pypdfium2
import pytest

from tests.visits.test_visits import Played, play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One terminal for all of them: a terminal that starts costs more than a visit."""
    return play(tmp_path_factory.mktemp("collecting"), "collect", "business_offline", "collect_licence")


def test_a_receipt_that_did_not_come_out_is_collected_at_the_next_visit(played: Played) -> None:
    assert played.status == 0, played.said
    assert played.report["journal"]["committed"] == 2, "of the receipt, and of the licence"
    receipts = [name for name in played.report["documents"] if not name.endswith(".pdf")]
    assert len(receipts) == 2, "that of the receipt's visit once, that of the licence's once"


def test_a_licence_that_waited_for_the_network_is_collected_once_it_is_confirmed(played: Played) -> None:
    assert played.status == 0, played.said
    first, second = (played.visit(name) for name in ("business_offline", "collect_licence"))
    assert (first["outcome"], second["outcome"]) == ("approved", None)
    (licence,) = [name for name in played.report["documents"] if name.endswith(".pdf")]
    with pypdfium2.PdfDocument(played.out / licence) as document:
        text = "".join(document[0].get_textpage().get_text_range().split())
    assert "营业执照" in text
    assert first["case_no"] in text
    assert "补打" not in text
    assert played.report["backend"] == {"cases": 2, "duplicates": 0}
