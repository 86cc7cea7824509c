"""What a citizen's visit knew is found nowhere in maintenance: no page of any room, no log, no paper, bundle or file.

Visits with marked people end in every way in which something may be left: committed and on its way, committed and
waiting without a line, set aside for staff, begun and kept, answers remembered, given up, run out. Then staff are let
in and everything they can open is opened, in both languages, through the real window.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest

from devices.simulators import documents
from devices.simulators.portrait import card_portrait
from devices.simulators.sdt import SdtTwin
from kiosk.demo.cabinet import PICTURES
from kiosk.demo.run import Demo
from tests.crash.terminal_world import TerminalProcess, look, marked, until, world
from tests.faults.trace_search import Search
from tests.robot import ANSWERS

PAPER = ("property", 3)
"""What lies under the document camera meanwhile."""
BUSINESS, PENSION = "individual_business", "pension_verification"
ADDRESS = "{}市样例区长乐样例巷{}号3幢239室"
PEOPLE: dict[str, dict[str, Any]] = {
    "resident": {"name": "欧阳若溪明澜", "address": ADDRESS.format("北京", 121)},
    "elder": {"name": "夏侯景行书白", "address": ADDRESS.format("杭州", 77)},
    "hmt": {"name": "司马清和远山", "address": ADDRESS.format("深圳", 42)},
}
ROOMS = {
    "overview", "repairs", "tests", "supplies", "queue", "network", "log", "report", "settings", "software", "power",
}  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("KIOSK_PEER_MAINTENANCE"), reason="KIOSK_PEER_MAINTENANCE=1"),
]


def values() -> dict[str, str]:
    """Whatever identifies the people of these visits."""
    found = dict(ANSWERS) | {"paper address": documents.values(*PAPER)["address"]}
    deck = SdtTwin("deck", transport="usb", pictures=PICTURES).deck
    for role, fields in PEOPLE.items():
        document = deck[role].document
        found |= {f"{role} {key}": value for key, value in fields.items()}
        found |= {f"{role} number": document.number, f"{role} birth": f"{document.birth:%Y-%m-%d}"}
    return found


@dataclass
class Scene:
    demo: Demo
    folder: Path
    life: TerminalProcess
    search: Search

    def do(self, order: str, seconds: float = 120.0, **words: Any) -> dict[str, Any]:
        self.life.forget()
        self.life.order(order, **words)
        said = self.life.wait(lambda words: words.get("done") == order, seconds)
        assert said is not None, f"the terminal ended: {self.life.errors.read_text()[-3000:]}"
        return said

    def visit(self, service: str, card: str, stop: str, **words: Any) -> None:
        self.do("visit", service=service, card=card, way="later", stop=stop, **PEOPLE[card], **words)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("maintained")
    with world(folder) as demo:
        life = TerminalProcess(demo, folder, module="tests.faults.maintenance_child")
        try:
            assert life.wait(lambda words: "ready" in words), f"{life.said} {life.errors.read_text()[-3000:]}"
            yield Scene(demo, folder, life, Search(values(), [card_portrait()]))
        finally:
            life.kill()
            assert until(lambda: not marked(life.mark), 10)


def test_of_a_citizen_nothing_is_found_in_maintenance(scene: Scene) -> None:
    # what a person can leave: sent, remembered, kept, given up, run out, waiting, set aside
    scene.visit(BUSINESS, "resident", "farewell", remember=True)
    scene.do("visit_over")
    assert until(lambda: {row.state for row in look(scene.folder)[1]} == {"acknowledged"}, 30)
    scene.demo.control.do("network", "off")
    scene.visit(PENSION, "elder", "farewell")
    scene.do("visit_over")
    scene.do("set_aside")
    scene.visit(PENSION, "elder", "farewell")
    scene.do("visit_over")
    for page, manner in (("review", "keep"), ("form", "quit"), ("sign", "timeout")):
        scene.visit(BUSINESS, "hmt", page)
        assert scene.do("end", manner=manner)["knew"] is True
    states = sorted(row.state for row in look(scene.folder)[1])
    assert states == ["acknowledged", "quarantined", "queued"], "not everything is there that could be told of"

    # the search would find them on a page
    assert scene.search.data(f"{PEOPLE['elder']['name']} … {ANSWERS['phone']}".encode(), "control")

    scene.do("enter")
    texts, bundle = scene.folder / "texts.json", scene.folder / "bundle"
    pages = scene.do("walk", 500.0, out=str(texts))["pages"]
    assert {page.split("/")[0] for page in pages} == ROOMS
    assert any(page.startswith("queue/") and page.count("/") == 2 for page in pages), (
        "the item set aside was not opened"
    )

    # somebody's card and paper lie there while everything is tested, and somebody's face is before the camera
    scene.demo.control.do("id_reader", "put", card="elder", fields=PEOPLE["elder"])
    scene.demo.control.do("document_camera", "lay", paper=PAPER[0], seed=PAPER[1])
    ran = scene.do("runs", 500.0, out=str(texts))["ran"]
    assert {"id_reader/interactive", "camera/picture", "document_camera/picture"} <= set(ran), ran
    scene.demo.control.do("id_reader", "take")
    before = set((scene.folder / "papers").glob("*"))
    told = scene.do("papers", 300.0, out=str(bundle))["told"]
    assert told[:2] == ["maint.report.done.print"] * 2
    scene.do("walk", 500.0, out=str(texts))  # the log and the overview once more: what was tested stands there now
    scene.do("leaves")

    seen = json.loads(texts.read_text("utf-8"))
    assert len(seen) > 500, "hardly anything was read"
    assert scene.search.data("\n".join(seen).encode(), "the pages of maintenance") == []
    assert {path.name for path in bundle.iterdir()} >= {"log.json", "proofs.json", "profile.json", "manifest.json"}
    assert scene.search.folder(bundle) == []
    papers = {path for path in set((scene.folder / "papers").glob("*")) - before if path.suffix == ".pdf"}
    assert papers, "no report was printed"
    for paper in papers:
        assert scene.search.data(paper.name.encode(), "the name of a paper") == []
        with pypdfium2.PdfDocument(paper) as opened:
            text = "\n".join(page.get_textpage().get_text_range() for page in opened)
        assert scene.search.data(text.encode(), "the printed report") == []
    assert scene.search.folder(scene.folder / "data") == []
    assert scene.search.folder(scene.life.private) == []
    for log in ("terminal.stderr", "backend.log", "cabinet.log"):
        assert scene.search.data((scene.folder / log).read_bytes(), log) == []
    for pid in marked(scene.life.mark):
        assert scene.search.process(pid) == []
    print(f"\n{len(pages)} pages, {len(seen)} texts, {scene.search.count} forms of {len(values())} values and a photo")
