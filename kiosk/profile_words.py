"""What is wrong with a profile, for whoever typed it: TOML's complaints in plain words, names that are nearly right."""

from __future__ import annotations

from collections.abc import Collection

CURES = {
    "Illegal character '\\n'": "a text of this line lacks the quotation mark at its end",
    "Invalid value": 'texts stand between straight quotation marks (" and not “ or 「), yes is true and no is false',
    "Cannot declare": "that table is there already; take one of the two out",
    "Cannot overwrite": "that key is there already; take one of the two out",
    "Expected ']'": "the name of a table stands in [ and ]",
    "Expected '='": "a line is written name = value",
    "Invalid statement": "a line is written name = value, or begins with # and is not read",
    "codec can't decode": "save the file as UTF-8",
}


def cure(trouble: str) -> str:
    """What TOML's complaint means for somebody who has never heard of TOML; empty where it is not a usual one."""
    return next((f"; {cure}" for begin, cure in CURES.items() if begin in trouble), "")


def meant(word: str, known: Collection[str]) -> str:
    """For a name that is not known: the one that is nearly it, or all there are."""
    close = _nearest(word, known)
    return f"did you mean {close}?" if close else f"use one of {', '.join(sorted(known))}"


def instead(key: str, there: Collection[str], asked: Collection[str]) -> str:
    """For a key that is missing: the one that is there, means nothing, and may be it; empty where there is none."""
    close = _nearest(key, [other for other in there if other not in asked])
    return f"; is {close} meant to be it?" if close else ""


def _nearest(word: str, known: Collection[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(word, known, 1)), "")
