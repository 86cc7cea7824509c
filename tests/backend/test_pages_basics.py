"""Every page, in both languages, read without a browser: what must hold for whoever hears it or has no script. In a
real browser, with axe, the keyboard and three sizes: test_pages_everyone.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kiosk.visit
from kiosk.backend.oversight import telling
from kiosk.backend.web.problems import CODES
from kiosk.backend.web.templating import OWN, words_for
from kiosk.backend.web.words import words_of
from kiosk.visit.states import State
from tests.backend.html_basics import faults, read
from tests.backend.pages_list import BOTH, BY_NAME, HOME, OTHERS, PAGES, Faults, Shown
from tests.backend.pages_world import DOOR, World, made_world, token_of
from tests.backend.raw_words import raw_words

OVERSIGHT = OWN.parent / "oversight"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = made_world(tmp_path_factory.mktemp("pages"), whole=False)
    yield made
    made.close()


def shown(world: World, page: Shown, language: str) -> Any:
    client, path = world.client(page.who), world.path(page.path)
    client.cookies.set("kiosk-language", language, domain="testserver.local", path="/")
    if page.fields is None:
        return client.get(path)
    fields = {name: world.path(value) for name, value in page.fields.items()}
    fields["csrf"] = token_of(client.get(world.path(page.at)).text)
    return client.post(path, data=fields, files=[("none", ("", b""))] if page.parts else None)


def routes(world: World) -> dict[str, Any]:
    found = {route.path: route for route in world.room.site._router.routes if "GET" in (route.methods or ())}  # type: ignore[attr-defined]
    return {path: route for path, route in found.items() if path != DOOR}


def test_every_page_of_the_application_is_in_the_list(world: World) -> None:
    """A new page is put into pages_list.py, and is looked at by everything here from then on."""
    declared = set(routes(world))
    assert declared - {page.route for page in PAGES} - set(OTHERS) == set(), "pages that nobody looks at"
    assert {page.route for page in PAGES} - declared == set(), "pages that there are no more"
    assert len(BY_NAME) == len(PAGES)


def test_every_page_is_whole_without_a_script_and_without_a_style(world: World) -> None:
    """Supervision's are read in test_oversight_pages.py, whose figures are there already."""
    found, titles = Faults(), {}
    for page in PAGES:
        for language in BOTH if page.public else BOTH[:1]:
            if page.route.startswith(HOME):
                continue
            answer = shown(world, page, language)
            where = f"{page.name} {language}"
            if (answer.status_code, answer.headers["content-type"]) != (page.status, "text/html; charset=utf-8"):
                found.add(where, [f"answers {answer.status_code}, {answer.headers['content-type']}"])
                continue
            found.add(where, [*faults(answer.text, language), *raw_words(answer.text)])
            if "trouble" not in page.route:
                titles.setdefault(answer.text.partition("<title>")[2].partition("</title>")[0], set()).add(page.route)
    found.none()
    assert {title: sorted(routes) for title, routes in titles.items() if len(routes) > 1} == {}, "pages of one title"


def test_what_is_no_page_is_none(world: World) -> None:
    """Those that are left out of the list lead elsewhere or hand out a file."""
    paths = {"/p": 303, "/console": 303, "/console/": 303, "/p/mark": 303, "/p/send/none": 410, "/p/send/state": 200,
             "/console/cases/{waiting}/pages/1": 200}  # fmt: skip
    supervisor = world.client("supervisor")
    for path, status in paths.items():
        answer = supervisor.get(world.path(path), follow_redirects=False)
        assert answer.status_code == status, path
        assert status != 200 or not answer.headers["content-type"].startswith("text/html"), path


def test_where_and_why_a_visit_breaks_off_is_told_in_words() -> None:
    """Of every page and every end that the terminal's visit knows: no overseer reads a code."""
    ends = set()
    for file in Path(kiosk.visit.__file__).parent.glob("*.py"):
        for call in re.findall(r"\bfarewell\((?!visit: )(.*)\)", file.read_text(encoding="utf-8")):
            ends |= set(re.findall(r'"([a-z_]+)"', call))
    assert len(ends) >= 7, "found none of them any more"
    needed = {f"page.{state.value}" for state in State} | {f"why.{end}" for end in ends}
    assert needed - set(words_of(OVERSIGHT)) == set()
    w = words_for(OVERSIGHT, "zh_CN")
    assert telling.page("identify", w) == "刷卡"
    assert "new_state" in telling.page("new_state", w), "what a newer terminal says is not swallowed"


def test_what_goes_wrong_says_what_to_do(world: World) -> None:
    for code in CODES:
        page = read(world.client("").get(f"/p/trouble/{code}?lang=zh_CN").text)
        assert "请" in page.all("p")[0].text(), code
        assert code not in page.all("main")[0].text()
