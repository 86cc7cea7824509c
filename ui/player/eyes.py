"""What a person sees in the window: items that are visible, inside it, with their words and names."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtQuick import QQuickItem, QQuickWindow


def visible_items(window: QQuickWindow) -> Iterator[QQuickItem]:
    """Every item that can be seen, in painting order (later ones lie on top).

    Walks childItems(): findChild does not know the delegates of a Repeater.
    """
    stack = [window.contentItem()]
    while stack:
        item = stack.pop()
        if not item.isVisible() or item.opacity() < 0.05:
            continue
        yield item
        stack.extend(reversed(item.childItems()))


def text_of(item: QQuickItem) -> str:
    """The words an item shows; "" for one that shows none."""
    if not item.inherits("QQuickText") and not item.inherits("QQuickTextInput"):
        return ""
    text = item.property("text")
    return text if isinstance(text, str) else ""


def rectangle(item: QQuickItem) -> QRectF:
    return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


def in_sight(item: QQuickItem, window: QQuickWindow) -> bool:
    """Its middle lies inside the window and inside every clipping ancestor."""
    centre = rectangle(item).center()
    if not QRectF(0, 0, window.width(), window.height()).contains(centre):
        return False
    ancestor = item.parentItem()
    while ancestor is not None:
        if ancestor.clip() and not rectangle(ancestor).contains(centre):
            return False
        ancestor = ancestor.parentItem()
    return True


def same_words(shown: str, wanted: str) -> bool:
    """Equal, line breaks and spaces at the ends apart."""
    return " ".join(shown.split()) == " ".join(wanted.split())


def find(window: QQuickWindow, wanted: str, *, anywhere: bool = False) -> QQuickItem | None:
    """The item with this object name, else the one that shows exactly these words; the topmost one that is in sight.

    ``anywhere``: also one that has been scrolled out of sight.
    """
    by_name = by_text = None
    for item in visible_items(window):
        named = item.objectName() == wanted
        if not named and not (wanted and same_words(text_of(item), wanted)):
            continue
        if item.width() <= 0 or item.height() <= 0 or not (anywhere or in_sight(item, window)):
            continue
        if named:
            by_name = item
        else:
            by_text = item
    return by_name or by_text


def moving(window: QQuickWindow) -> bool:
    """Whether one page is just sliding in."""
    return any(item.property("sliding") is True for item in visible_items(window))


def scroll_area(item: QQuickItem) -> QRectF | None:
    """Where a finger can move the list that holds an item; None when it stands in none."""
    ancestor = item.parentItem()
    while ancestor is not None:
        if ancestor.inherits("QQuickFlickable") and ancestor.property("interactive"):
            return rectangle(ancestor)
        ancestor = ancestor.parentItem()
    return None


def sees(window: QQuickWindow, wanted: str) -> bool:
    """Whether these words stand anywhere in sight, also as a part of a longer text."""
    squeezed = "".join(wanted.split())
    return any(
        squeezed in "".join(text_of(item).split()) and in_sight(item, window) for item in visible_items(window)
    ) or find(window, wanted) is not None  # fmt: skip


def words_in_sight(window: QQuickWindow, most: int = 40) -> list[str]:
    """The texts on the screen, from the page's heading on, for an error message of the player."""
    return [text_of(item) for item in visible_items(window) if text_of(item) and in_sight(item, window)][-most:]


def enabled(item: QQuickItem) -> bool:
    return item.isEnabled()


def centre(item: QQuickItem) -> QPointF:
    return rectangle(item).center()
