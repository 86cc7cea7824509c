"""Jinja2 as the pages use it: everything that is filled in is escaped, a name that is not there is an error.

A template is named by its room: ``console/queue.html`` lies in ``kiosk/backend/console/templates``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from kiosk.backend.web.words import words_of
from kiosk.domain.beijing import CHINA
from kiosk.domain.text import Language, Text

OWN = Path(__file__).parent
STAFF = OWN.parent / "console"
Words = Callable[..., str]


def environment(rooms: Mapping[str, Path]) -> Environment:
    """``rooms``: each with its folder; its templates lie in the folder ``templates`` of that."""
    loaders = {name: FileSystemLoader(folder / "templates") for name, folder in rooms.items()}
    made = Environment(
        loader=PrefixLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False, cache_size=-1,
    )  # fmt: skip
    made.filters.update(moment=moment, day=day, grouped=grouped)
    return made


def words_for(room: Path, language: Language) -> Words:
    """``w("page.name", n=3)``: a room's own words, else those of the console's frame or of all pages. Raises KeyError
    for what nobody wrote.
    """
    own, common = words_of(room), {**words_of(STAFF), **words_of(OWN)}

    def said(key: str, /, **values: Any) -> str:
        text = (own.get(key) or common[key]).of(language)
        return text.format(**values) if values else text

    return said


def texts_for(language: Language) -> Callable[[Text], str]:
    return lambda text: text.of(language)


def moment(when: datetime | str) -> str:
    """To the minute, as a clock on a wall in China shows it."""
    found = datetime.fromisoformat(when) if isinstance(when, str) else when
    return found.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def day(when: date | str | None) -> str:
    return "" if not when else when if isinstance(when, str) else when.isoformat()


def grouped(number: str) -> str:
    """A case number as papers show it: 140213 260601 0000 0017 5."""
    parts = [number[:6], number[6:12], *(number[at : at + 4] for at in range(12, len(number), 4))]
    return " ".join(part for part in parts if part)
