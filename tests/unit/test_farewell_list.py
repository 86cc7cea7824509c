"""What is to be taken along, as part of a sentence in either language, on the page and as it is said."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.visit.screen import FarewellBody
from kiosk.visit.speech_ending import to_take
from ui.words import word


@pytest.mark.parametrize(
    ("language", "card", "papers", "said"),
    [
        ("en", False, (), ""),
        ("en", True, (), "ID card"),
        ("en", True, ("Case receipt",), "ID card and case receipt"),
        ("en", True, ("Business licence", "Case receipt"), "ID card, business licence and case receipt"),
        ("zh_CN", True, ("营业执照", "办件回执"), "身份证、营业执照、办件回执"),
    ],
)
def test_a_list_is_part_of_its_sentence(language: Any, card: bool, papers: tuple[str, ...], said: str) -> None:
    body = FarewellBody("done", True, card_on_reader=card, papers=papers)

    def say(key: str, *values: object) -> str:
        return word(language, key, values)

    assert to_take(body, say) == said
