"""The words of the pages: a ``words.toml`` in each room, ``[page] name = { zh, en }``, found as ``page.name``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from kiosk.domain.text import Text

FILE = "words.toml"


@cache
def words_of(room: Path) -> Mapping[str, Text]:
    """Of a room's folder; none where it has no such file. Raises ValueError when it is not in form."""
    file = room / FILE
    if not file.is_file():
        return {}
    found = {}
    for page, rows in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for name, row in rows.items():
            if set(row) != {"zh", "en"} or not all(row.values()):
                raise ValueError(f"{file.parent.name}/{FILE}: {page}.{name} needs zh and en, and nothing else")
            found[f"{page}.{name}"] = Text(row["zh"], row["en"])
    return found
