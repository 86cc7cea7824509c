"""A visit that ends before its case is saved leaves no byte of the person on the disk; a saved one none in clear.

One terminal process lives through all visits here, so what is searched has grown by every visit before. Time-outs come
from a clock that is put forward.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest

from devices.simulators import documents
from devices.simulators.portrait import card_portrait
from devices.simulators.sdt import SdtTwin
from kiosk.demo.cabinet import PICTURES
from kiosk.demo.run import Demo
from tests.crash.terminal_world import TerminalProcess, marked, remembered, unsent, until, world
from tests.faults.trace_search import Search
from tests.robot import ANSWERS

BUSINESS = "individual_business"
ADDRESS = "{}市样例区长乐样例巷{}号3幢239室"
PEOPLE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("resident", {"name": "欧阳若溪明澜", "address": ADDRESS.format("北京", 121)}),
    ("hmt", {"name": "司马清和远山", "address": ADDRESS.format("深圳", 42)}),
)
REFUSED: tuple[str, dict[str, Any]] = ("expired", {"name": "上官知秋怀瑾", "address": ADDRESS.format("成都", 172)})
ELDER: tuple[str, dict[str, Any]] = ("elder", {"name": "夏侯景行书白", "address": ADDRESS.format("杭州", 77)})
PAGES = (
    "home", "guide", "identify", "consent", "face", "other_way", "form", "material", "commitment", "review", "sign",
)  # fmt: skip
PAPER = ("property", 3)
"""What lies under the document camera: its address is searched for as well."""
MANNERS = ("quit", "timeout", "card")
ENDS = [
    (page, manner)
    for place, page in enumerate(PAGES)
    for turn, manner in enumerate(MANNERS)
    if turn == place % len(MANNERS) or page == "review" or os.environ.get("KIOSK_PEER_TRACES")
]
"""Each page ended in one manner, the one that knows most in every; all of them with KIOSK_PEER_TRACES=1."""
CHILDREN_END_WITHIN = 10.0  # s

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def values() -> dict[str, str]:
    """Whatever identifies the people of these tests."""
    found = dict(ANSWERS) | {"paper address": documents.values(*PAPER)["address"]}
    deck = SdtTwin("deck", transport="usb", pictures=PICTURES).deck  # without its pictures other numbers
    for role, fields in (*PEOPLE, REFUSED, ELDER):
        document = deck[role].document
        found |= {f"{role} {key}": value for key, value in fields.items()}
        found |= {f"{role} number": document.number, f"{role} birth": f"{document.birth:%Y-%m-%d}"}
        if document.pass_number:
            found[f"{role} pass"] = document.pass_number
    return found


@dataclass
class Scene:
    """The terminal under test, and who comes to it."""

    demo: Demo
    folder: Path
    life: TerminalProcess
    search: Search
    people: Iterator[tuple[str, dict[str, Any]]]

    def do(self, order: str, seconds: float = 60.0, **words: Any) -> dict[str, Any]:
        self.life.forget()
        self.life.order(order, **words)
        said = self.life.wait(lambda words: words.get("done") == order, seconds)
        assert said is not None, f"the terminal ended: {self.life.errors.read_text()}"
        return said

    def nothing_left(self) -> None:
        """Its data, temporary files, home, standard error, its helpers' logs, and what its processes show."""
        assert self.search.folder(self.folder / "data") == []
        assert self.search.folder(self.life.private) == []
        assert list((self.folder / "data" / "scratch").iterdir()) == []
        for log in ("terminal.stderr", "backend.log", "cabinet.log", "cabinet-state.json"):
            assert self.search.data((self.folder / log).read_bytes(), log) == []
        for pid in marked(self.life.mark):
            assert self.search.process(pid) == []

    def children_gone(self) -> None:
        """Camera and documents hold pictures and papers in their memory: they end with the visit."""
        gone = until(lambda: set(marked(self.life.mark)) <= {self.life.process.pid}, CHILDREN_END_WITHIN)
        assert gone, f"still there: {marked(self.life.mark)}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("trace")
    with world(folder) as demo:
        life = TerminalProcess(demo, folder)
        try:
            assert life.wait(lambda words: "ready" in words)
            search = Search(values(), [card_portrait()])
            yield Scene(demo, folder, life, search, cycle(PEOPLE))
            assert life.stop() == 0
            assert search.folder(folder / "data") == []
            megabytes = search.looked_at / 1e6
            print(f"\nlooked at {megabytes:.0f} MB for {search.count} forms of {len(values())} values and a photo")
        finally:
            if life.process.poll() is None:
                life.kill()


def go_to(scene: Scene, page: str) -> None:
    """To this page, with as much of the person known as can be."""
    card, fields = next(scene.people)
    if page in ("home", "guide"):
        scene.do("show_first", card=card, stop=page, service=BUSINESS, **fields)
    elif page == "identify":
        scene.do("refused", card=REFUSED[0], service=BUSINESS, **REFUSED[1])
    elif page == "material":
        scene.do("visit", service=BUSINESS, card=card, way="later", stop="form", **fields)
        scene.do("scan", 150.0, paper=PAPER[0], seed=PAPER[1])
    else:
        way = "face" if page == "face" else "later"
        scene.do("visit", service=BUSINESS, card=card, way=way, stop=page, **fields)
    if page == "form":
        scene.do("fill")


@pytest.mark.parametrize(("page", "manner"), ENDS)
def test_a_visit_that_ends_on_this_page_leaves_nothing(scene: Scene, page: str, manner: str) -> None:
    if page == "face":
        scene.demo.control.do("camera", "person", who="none")  # so that the check lasts until the visit ends
    try:
        go_to(scene, page)
        said = scene.do("end", manner=manner)
    finally:
        scene.demo.control.do("camera", "ok")
    assert said["left"] == page
    assert said["knew"] is (page != "identify"), "nobody was known, so nothing could have been left"
    assert said["knows"] is False
    needs_card = page not in ("home", "guide", "identify")
    assert (
        said["reason"] == {"quit": "quit", "timeout": "timeout", "card": "card_gone" if needs_card else "quit"}[manner]
    )
    assert said["saved"] is False
    scene.children_gone()
    scene.nothing_left()


def test_what_is_kept_for_seven_days_leaves_nothing_in_clear(scene: Scene) -> None:
    go_to(scene, "review")
    said = scene.do("end", manner="keep")
    assert (said["left"], said["reason"], said["saved"], said["knows"]) == ("review", "kept", False, False)
    scene.children_gone()
    scene.nothing_left()


def test_a_saved_visit_leaves_nothing_in_clear(scene: Scene) -> None:
    before = len(list((scene.folder / "papers").glob("*.pdf")))
    for service, (card, fields), way in (
        (BUSINESS, PEOPLE[0], "face"),
        ("pension_verification", ELDER, "later"),
        (BUSINESS, PEOPLE[1], "later"),
    ):
        scene.do("visit", service=service, card=card, way=way, stop="farewell", remember=way == "face", **fields)
        scene.nothing_left()  # while the case may be on its way
        scene.do("visit_over")
    assert remembered(scene.folder) == 1, "nothing was kept for a later visit, so nothing could have been left in clear"
    licences = sorted((scene.folder / "papers").glob("*.pdf"))
    assert len(licences) == before + 1
    with pypdfium2.PdfDocument(licences[-1]) as licence:
        text = licence[0].get_textpage().get_text_range()
    assert PEOPLE[0][1]["name"] in text, "the person was never there, so nothing could have been left"
    assert ANSWERS["shop_name"] in text
    assert until(lambda: unsent(scene.folder) == 0, 30)
    scene.children_gone()
    scene.nothing_left()


def test_who_looks_at_their_cases_leaves_nothing(scene: Scene) -> None:
    """Of the one whose case was saved above, and waits for a person to decide it."""
    scene.do("cases", card=ELDER[0], **ELDER[1])
    said = scene.do("end", manner="timeout")
    assert (said["left"], said["reason"], said["saved"], said["knew"], said["knows"]) == (
        "withdraw", "timeout", False, True, False,
    )  # fmt: skip
    scene.children_gone()
    scene.nothing_left()


def test_the_search_finds_in_this_very_folder_what_is_there(scene: Scene) -> None:
    """The control: the same search, the same folder, one file too many."""
    control = scene.folder / "data" / "control"
    try:
        for key, value in values().items():
            control.write_bytes(b"\0\1\2" + value.encode("utf-16-le"))
            assert [finding.where for finding in scene.search.folder(scene.folder / "data")] == [str(control)], key
        control.write_bytes(card_portrait())
        assert scene.search.folder(scene.folder / "data")
    finally:
        control.unlink(missing_ok=True)
    assert scene.search.folder(scene.folder / "data") == []
