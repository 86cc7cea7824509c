"""What a script names by a message key: the words that stand on the screen for it, in whichever language."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from ui.words import catalogue, staff_catalogue

LANGUAGES = ("zh_CN", "en")
_KEY = re.compile(r"[a-z_]+(\.[A-Za-z0-9_-]+)+")
_GAP = re.compile(r"\{\d+\}")


@cache
def wordings(named: str) -> tuple[tuple[str, ...], ...]:
    """Of a message key its words in each language, in pieces between what is filled in; of anything else itself."""
    if not _KEY.fullmatch(named):
        return ((named,),)
    found = []
    for language in LANGUAGES:
        try:
            words = (
                staff_catalogue(language, named.split(".")[1]) if named.startswith("maint.") else catalogue(language)
            )
        except FileNotFoundError:
            continue
        if named in words:
            found.append(tuple(piece for piece in map(str.strip, _GAP.split(words[named])) if piece))
    return tuple(found) or ((named,),)


def stands(named: str, sees: Callable[[str], bool]) -> bool:
    """Whether all pieces of it stand there in one of the languages."""
    return any(all(map(sees, pieces)) for pieces in wordings(named))
