"""What the maintenance window says: a message key and its values as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.words import word

if TYPE_CHECKING:
    from kiosk.maintenance.screen import Said


def said(language: str, text: Said | None) -> str:
    """Values that are Said are resolved first; without a key they are shown as they are.

    A key without words does not end a technician's work: its last part is shown, with the values behind it. (The tests
    find such a key: ``tests/ui/test_maintenance_words.py``.)
    """
    if text is None:
        return ""
    values = [value if isinstance(value, str | int) else said(language, value) for value in text.values]
    if not text.key:
        return "".join(map(str, values))
    try:
        return word(language, text.key, values)
    except (LookupError, FileNotFoundError, ValueError):
        return " ".join([text.key.rsplit(".", 1)[-1].replace("_", " "), *map(str, values)])
