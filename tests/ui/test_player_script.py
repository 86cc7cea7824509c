"""A visit script that cannot be played is refused with its step and the words that could have been meant."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from ui.player.script import ScriptError, parse
from ui.player.wording import stands


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"tuch": "attract-start"}, "step 1: unknown key 'tuch'; a step has one of touch, type"),
        ({"touch": "a", "see": "b"}, "needs exactly one of .*; it has touch, see"),
        ({"touch": "a", "do": "paper-out"}, "'do' does not go with touch"),
        ({"device": "camera"}, 'device needs do = "action"'),
        ({"see": "x", "within": -1}, "within takes seconds"),
        ({"staff": "supplement_asked", "lacking": "photo"}, "lacking takes a list"),
        ({"see": "x", "lacking": ["photo"]}, "'lacking' does not go with see"),
        ({"hold": "hidden-press", "seconds": 0}, "seconds takes a number above 0"),
        ({"touch": "x", "seconds": 5}, "'seconds' does not go with touch"),
        ({"entry_code": "boss"}, "entry_code takes keeper, technician, administrator"),
    ],
)
def test_a_step_that_cannot_be_played_is_named(step: dict[str, object], words: str) -> None:
    with pytest.raises(ScriptError, match=words):
        parse({"step": [step]}, "visit", "visit.toml")


def test_how_many_touches_are_expected_is_a_number() -> None:
    table = {"step": [{"touch": "x"}], "expect": {"touches": 14}}
    assert parse(table, "visit", "visit.toml").expect.touches == 14
    with pytest.raises(ScriptError, match=r"expect\.touches takes a number"):
        parse(table | {"expect": {"touches": "few"}}, "visit", "visit.toml")


def test_every_category_a_pack_may_name_has_its_words() -> None:
    schema = json.loads((files("kiosk.services") / "pack.schema.json").read_text("utf-8"))
    for language in ("zh_CN", "en"):
        words = json.loads((files("ui") / "i18n" / f"{language}.json").read_text("utf-8"))
        assert {f"category.{name}" for name in schema["properties"]["category"]["enum"]} <= words.keys()


@pytest.mark.parametrize(
    ("named", "shown", "there"),
    [
        ("maint.overview.heading.broken", "2 处故障", True),
        ("maint.overview.heading.ok", "2 处故障", False),
        ("entry.title", "Staff entry", True),
        ("entry.no_such_key", "entry.no_such_key", True),  # words that only look like a key
        ("处故障", "2 处故障", True),
    ],
)
def test_a_message_key_stands_for_its_words_in_either_language(named: str, shown: str, there: bool) -> None:
    assert stands(named, lambda words: words in shown) is there
