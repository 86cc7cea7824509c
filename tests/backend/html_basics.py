"""What holds for every page, read from its HTML alone: whoever hears it, or has no style and no script, is not lost.

WCAG 2.2: 1.1.1 (alt), 1.3.1 (labels, table headers, headings), 2.4.1 (skip link), 2.4.2 (title), 3.1.1 (language),
3.3.2 (labels), 4.1.1 (ids); and the pages' own policy: nothing inline (kiosk/backend/web/headers.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "source", "path", "rect", "line", "polyline", "circle"})
LISTS = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}}
UNNAMED = frozenset({"hidden", "submit"})
SPOKEN = ("a", "button", "summary", "h1", "h2", "h3", "label", "legend", "caption")


@dataclass
class Node:
    tag: str
    attrs: dict[str, str]
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def text(self) -> str:
        return " ".join([*self.words, *(each.text() for each in self.children)]).strip()

    def all(self, *tags: str) -> list[Node]:
        found = [each for each in self.children if not tags or each.tag in tags]
        return [*found, *(one for each in self.children for one in each.all(*tags))]

    def name(self) -> str:
        """What is read aloud of it, roughly: its label, its words, the words of its pictures."""
        alts = [each.attrs.get("alt", "") or each.attrs.get("aria-label", "") for each in self.all("img", "svg")]
        return self.attrs.get("aria-label", "") or self.text() or " ".join(alts).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("", {})
        self._at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(node)
        if tag not in VOID:
            self._at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._at.children.append(Node(tag, {name: value or "" for name, value in attrs}, self._at))

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self._at
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None and node.parent is not None:
            self._at = node.parent

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._at.words.append(data.strip())


def read(html: str) -> Node:
    reader = _Reader()
    reader.feed(html)
    return reader.root


def faults(html: str, language: str) -> list[str]:
    """Each in words, none where all is well."""
    root = read(html)
    return [*_frame(root, language), *_named(root), *_tables(root), *_ids(root), *_policy(root), *_lists(root)]


def _frame(root: Node, language: str) -> list[str]:
    found = []
    (page,) = root.all("html")
    if page.attrs.get("lang") != ("en" if language == "en" else "zh-CN"):
        found.append("the page does not say its language")
    titles = [each for head in root.all("head") for each in head.all("title")]
    if len(titles) != 1 or not titles[0].text().partition(" · ")[0]:
        found.append("no title of its own")
    found += [f"{len(root.all(tag))} of {tag}" for tag in ("main", "h1", "header") if len(root.all(tag)) != 1]
    links = root.all("a")
    if not links or links[0].attrs.get("href") != "#content" or root.all("main")[0].attrs.get("id") != "content":
        found.append("the first link does not lead to the content")
    if not any(each.attrs.get("name") == "viewport" for each in root.all("meta")):
        found.append("no viewport: a telephone would show it small")
    ranks = [int(each.tag[1]) for each in root.all() if each.tag in ("h1", "h2", "h3", "h4")]
    found += [f"h{after} below h{before}" for before, after in pairwise(ranks) if after > before + 1]
    return found


def _named(root: Node) -> list[str]:
    labels = Counter(each.attrs.get("for", "") for each in root.all("label"))
    found = []
    for each in root.all("input", "select", "textarea"):
        kind = each.attrs.get("type", "text")
        if kind in UNNAMED:
            continue
        if not labels[each.attrs.get("id", "-")] and not each.attrs.get("aria-label"):
            found.append(f"{each.tag} {each.attrs.get('name')} without a label")
    found += [f"a {each.tag} without words ({each.attrs})" for each in root.all(*SPOKEN) if not each.name()]
    found += [f"a picture without alt ({each.attrs.get('src')})" for each in root.all("img") if "alt" not in each.attrs]
    found += [
        "a drawing that nobody hears" for each in root.all("svg")
        if not {"aria-label", "aria-hidden"} & set(each.attrs) and not _inside(each, "role", "img")
    ]  # fmt: skip
    ways = Counter(each.attrs.get("aria-label", "") for each in root.all("nav"))
    found += [f"{count} navigations called {name!r}" for name, count in ways.items() if count > 1 or not name]
    found += ["a group of choices without a legend" for each in root.all("fieldset") if not each.all("legend")]
    return found


def _inside(node: Node, name: str, value: str) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.attrs.get(name) == value:
            return True
        parent = parent.parent
    return False


def _tables(root: Node) -> list[str]:
    found = []
    for table in root.all("table"):
        heads = table.all("th")
        if not heads or any(each.attrs.get("scope") not in ("col", "row") for each in heads):
            found.append("a table whose headers do not say of what")
        if not table.all("caption") and not table.attrs.get("aria-labelledby") and not table.attrs.get("aria-label"):
            found.append("a table without a name")
    for each in root.all():
        named = each.attrs.get("aria-label") or each.attrs.get("aria-labelledby")
        if each.attrs.get("tabindex") == "0" and not (named and each.attrs.get("role")):
            found.append(f"a {each.tag} that takes the focus and has no name")
    return found


def _ids(root: Node) -> list[str]:
    ids = Counter(each.attrs["id"] for each in root.all() if "id" in each.attrs)
    found = [f"the id {name} stands {count} times" for name, count in ids.items() if count > 1]
    for each in root.all():
        named = [each.attrs.get("for", "")] if each.tag == "label" else []
        named += each.attrs.get("aria-describedby", "").split() + each.attrs.get("aria-labelledby", "").split()
        href = each.attrs.get("href", "") if each.tag == "a" else ""
        named += [href[1:]] if href.startswith("#") else []
        found += [f"{name} is named and not there" for name in named if name and name not in ids]
    return found


def _policy(root: Node) -> list[str]:
    found = []
    for each in root.all():
        found += [f"{name} on a {each.tag}" for name in each.attrs if name == "style" or name.startswith("on")]
        if each.tag == "style" or (each.tag == "script" and not each.attrs.get("src", "").startswith("/")):
            found.append(f"an inline {each.tag}")
        target = each.attrs.get("src", each.attrs.get("action", ""))
        if target.startswith(("http:", "https:", "//", "data:", "javascript:")):
            found.append(f"something from elsewhere: {each.tag}")
    return found


def _lists(root: Node) -> list[str]:
    return [
        f"a {each.tag} outside of its list" for each in root.all(*LISTS)
        if each.parent is None or each.parent.tag not in LISTS[each.tag]
    ]  # fmt: skip
