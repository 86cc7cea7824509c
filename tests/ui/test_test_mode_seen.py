"""A terminal in test mode says so on every page, also on those between two visits; one that serves never does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.visit.states import State
from ui.samples import samples

WORDS = {"zh_CN": "测试", "en": "Test"}


def marked(stage: Any, language: str) -> bool:
    """Whether the screen says it, in letters that are seen."""
    said = [item for item in stage.items() if item.inherits("QQuickText") and item.property("text")]
    return any(WORDS[language] in item.property("text") and not stage.box(item).isEmpty() for item in said)


@pytest.mark.parametrize(("language", "elder"), [("zh_CN", False), ("en", True)])
def test_every_page_says_that_it_is_a_test(stage: Any, language: Any, elder: bool) -> None:
    shown = set()
    for sample in samples(language):
        if sample.page in shown:
            continue
        shown.add(sample.page)
        stage.show(replace(sample, chrome={**sample.chrome, "test": True}), language, elder)
        assert marked(stage, language), sample.page
        stage.show(replace(sample, chrome={**sample.chrome, "test": False}), language, elder)
        assert not marked(stage, language), sample.page
    assert shown >= {state.value for state in State} - {"maintenance"}
