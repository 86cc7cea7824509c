"""What is drawn is said: every sentence of a page's view model stands in what the page says, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kiosk.domain.text import LANGUAGES, Language
from kiosk.visit import speech
from ui.bridge import Bridge
from ui.samples import samples, snapshot
from ui.words import word

TOKENS = {
    "objectName", "kind", "key", "stage", "verdict", "problem", "way", "move", "hint", "letter", "signs", "read",
    "tone", "dots",
}  # fmt: skip
"""Properties that nobody reads as they are."""
OTHERWISE = {
    "guide": {"category", "figuresLine", "name"},  # the figures are said one by one, the matter by its whole name
    "form": {"unit"},
    "outcome": {"stamp", "why", "documentTitle", "whyTitle"},  # the heading says what the stamp does
    "case": {"whose"},
    "keep": {"yes"},
    "material": {"hintText", "label"},  # of the live picture: ui/speech.py says it
    "home": {"category", "greeting"},
    "query": {"elsewhere"},
    "entry": {"challenge", "typed", "stateText"},  # said place by place; never said; counted on the page alone
}
REASONS = {"stamp", "why", "documentTitle", "caseNo", "heading", "lead"}
UNDRAWN = {  # by sample: what of the model this state of its page does not draw
    "other_way-staff": {"reasonText"}, "material-taken": {"hintText", "label", "help", "skipText"},
    "outcome-reasons": REASONS, "outcome-together-reasons": REASONS,
}  # fmt: skip


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def sentences(model: Any) -> Iterator[tuple[str, str]]:
    about = model.metaObject()
    for number in range(about.propertyCount()):
        one = about.property(number)
        value = model.property(one.name())
        if isinstance(value, str) and value:
            yield one.name(), value


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_page_shows_in_sentences_it_says(language: Language, app: Any) -> None:
    bridge = Bridge(language, clock=lambda: 0.0)
    bridge.prepare()
    looked, unsaid = 0, []
    for sample in samples(language):
        if sample.page in ("recovering", "wiping", "attract"):
            continue
        screen = snapshot(sample, language)
        bridge._show(screen)
        lines = speech.written(screen, lambda key, *values: word(language, key, values))
        said = plain(" ".join(line.text for line in lines))
        left_out = TOKENS | UNDRAWN.get(sample.name, OTHERWISE.get(sample.page, set()))
        for name, text in sentences(bridge.model(sample.page)):
            if name not in left_out:
                looked += 1
                if plain(text) not in said:
                    unsaid.append((sample.name, name, text))
    assert not unsaid, "\n".join(map(str, unsaid))
    assert looked > 200
