"""Papers are drawn in a child: same bytes as here, typed errors, and a visit that ends well after any of them."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from kiosk.documents.glyphs import GlyphMissing
from kiosk.documents.render import render
from kiosk.documents.worker import DocumentsWorker, PaperNotRendered
from kiosk.domain.papers import PaperContent
from kiosk.workers import WorkerOverran

Case = Callable[..., dict[str, PaperContent]]


@pytest.fixture(scope="module")
def worker() -> Iterator[DocumentsWorker]:
    one = DocumentsWorker()
    yield one
    one.release()


def test_a_paper_from_the_child_is_the_paper(worker: DocumentsWorker, case: Case) -> None:
    worker.prewarm()
    for content in case(name="麦麦提·𠮷").values():
        assert worker.render(content, 20) == render(content)


def test_a_missing_glyph_is_told_by_field_and_the_child_lives_on(worker: DocumentsWorker, case: Case) -> None:
    made = case(name="王\U0003fff0")
    with pytest.raises(GlyphMissing) as caught:
        worker.render(made["licence"], 20)
    assert caught.value.fields == {"operator": 1}
    pid = worker.pid
    assert worker.render(made["receipt"], 20).raster_rows
    assert worker.pid == pid


def test_a_value_that_cannot_fit_is_told(worker: DocumentsWorker, case: Case) -> None:
    content = case()["licence"]
    with pytest.raises(PaperNotRendered) as caught:
        worker.render(replace(content, values={**content.values, "name": "店" * 400}), 20)
    assert caught.value.code == "certificate-too-long"


def test_a_child_killed_while_idle_is_not_noticed(worker: DocumentsWorker, case: Case) -> None:
    content = case()["receipt"]
    worker.prewarm()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.render(content, 20).raster_rows


def test_after_an_overrun_the_next_paper_comes(worker: DocumentsWorker, case: Case) -> None:
    content = case()["receipt"]
    with pytest.raises(WorkerOverran):
        worker.render(content, 0.001)
    assert worker.render(content, 20).raster_rows
