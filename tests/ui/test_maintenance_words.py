"""Whatever maintenance mode says has words in both languages, with the same places for values."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import kiosk
import ui
from ui.words import catalogue

WORDS = Path(ui.__file__).parent / "i18n" / "maintenance"
ROOMS = sorted({path.name.split(".")[0] for path in WORDS.glob("*.json")})
SOURCES = [
    *Path(kiosk.__file__).parent.rglob("*.py"),
    *Path(ui.__file__).parent.rglob("*.py"),
    *Path(ui.__file__).parent.rglob("*.qml"),
]
OWN = {"maint.common.day", "maint.settings.service"}  # each language takes of the values what it says
KEY = re.compile(r"""["'](maint\.[a-z0-9_]+\.[a-z0-9_.]*[a-z0-9_])["']""")
FAMILY = re.compile(r"""f["'](maint\.[a-z0-9_]+\.(?:[a-z0-9_]+\.)*[a-z0-9_]*)\{""")


def _words(room: str, language: str) -> dict[str, str]:
    words: dict[str, str] = json.loads((WORDS / f"{room}.{language}.json").read_text("utf-8"))
    return words


def _all(language: str) -> dict[str, str]:
    return {key: text for room in ROOMS for key, text in _words(room, language).items()}


def _used(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for path in SOURCES:
        for found in pattern.findall(path.read_text("utf-8")):
            yield found, path.name


def _places(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_every_key_that_is_used_has_words_in_both_languages() -> None:
    used = set(_used(KEY))
    assert ("maint.window.leave", "WorkBar.qml") in used  # the look finds keys
    for language in ("zh_CN", "en"):
        known = _all(language)
        families = {f"{key.rsplit('.', 1)[0]}.other" for key in known} & known.keys()
        missing = {
            (key, where) for key, where in used if key not in known and f"{key.rsplit('.', 1)[0]}.other" not in families
        }
        assert missing == set(), language


def test_every_family_that_is_used_has_words() -> None:
    for language in ("zh_CN", "en"):
        known = _all(language)
        missing = {(key, at) for key, at in _used(FAMILY) if not any(word.startswith(key) for word in known)}
        assert missing == set(), language


def test_both_languages_have_the_same_keys_and_places() -> None:
    for room in ROOMS:
        chinese, english = _words(room, "zh_CN"), _words(room, "en")
        uneven = {key for key in chinese.keys() ^ english.keys() if not key.endswith(".one")}
        assert uneven == set(), room
        for key in chinese.keys() | english.keys():
            assert key.startswith(f"maint.{room}."), f"{key} stands in the file of {room}"
            assert "" not in (chinese.get(key), english.get(key)), key
            if not key.endswith(".one") and key not in OWN:
                text = chinese[key]
                assert _places(text) == _places(english[key]), key


def test_words_are_calm_and_name_no_public_key_twice() -> None:
    for language in ("zh_CN", "en"):
        assert not _all(language).keys() & catalogue(language).keys()
        for key, text in _all(language).items():
            assert not re.search("[!！]", text), key
            assert "你" not in text, f"{key}: say 您"


def test_every_word_of_the_window_is_used() -> None:
    used = {key for key, _ in _used(KEY)}
    families = {key for key, _ in _used(FAMILY)}
    for key in _words("window", "zh_CN"):
        assert key in used or any(key.startswith(family) for family in families), key
