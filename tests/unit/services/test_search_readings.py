"""The table of readings is what its source says; run this file to write it anew.

Source: pypinyin (MIT), its dictionary of characters and its dictionary of phrases. Kept are the 6,763 characters of
GB/T 2312, of each the first reading, and a further one where at least five of the phrases, and one in fifty of those
with the character, have it. The library itself takes half a second and 57 MB, so no terminal loads it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from kiosk.services import search

TABLE = Path(search.__file__).parent / "data" / "readings.txt"
HEAD = (
    "# Readings of the 6,763 characters of GB/T 2312 without tones; the usual one of a character stands first.\n"
    "# Made of pypinyin's dictionaries (MIT licence) by tests/unit/services/test_search_readings.py, which says how.\n"
)


def chosen() -> dict[str, list[str]]:
    pypinyin = pytest.importorskip("pypinyin")
    from pypinyin.contrib.tone_convert import to_normal as plain

    to_normal = cache(plain)
    folder = Path(pypinyin.__file__).parent
    single = json.loads((folder / "pinyin_dict.json").read_text("utf-8"))
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, sounds in json.loads((folder / "phrases_dict.json").read_text("utf-8")).items():
        for character, sound in zip(phrase, sounds, strict=False):
            counts[character][to_normal(sound[0])] += 1
    found: dict[str, list[str]] = {}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            character = bytes((high, low)).decode("gb2312", "ignore")
            if character:
                said = list(dict.fromkeys(to_normal(one) for one in single[str(ord(character))].split(",")))
                seen = counts[character]
                often = [one for one in said[1:] if seen[one] >= max(5, 0.02 * seen.total())]
                found[character] = [said[0], *often]
    return found


def test_the_table_says_what_its_source_says() -> None:
    table = search.readings()
    assert len(table) == 6763
    assert {character: set(sounds) for character, sounds in table.items()} == {
        character: set(sounds) for character, sounds in chosen().items()
    }
    assert set(table["行"]) == {"xing", "hang"}
    assert table["证"] == ("zheng",)


def write() -> None:
    """First readings in one line for each syllable, further ones below them, so that the usual one is read first."""
    lines: list[str] = []
    for first in (True, False):
        by_sound: defaultdict[str, str] = defaultdict(str)
        for character, sounds in chosen().items():
            for sound in sounds[:1] if first else sounds[1:]:
                by_sound[sound] += character
        lines += [f"{sound} {by_sound[sound]}" for sound in sorted(by_sound)]
    TABLE.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    write()
