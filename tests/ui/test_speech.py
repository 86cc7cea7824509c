"""Every page can be said, in both languages, and says what is drawn; and listening begins, follows and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QObject

from kiosk.domain.text import LANGUAGES, Language, Text
from kiosk.services.loader import load_builtin
from kiosk.visit import speech
from kiosk.visit.speech_text import SPOKEN, speakable, unknown
from ui.samples import Sample, samples, snapshot
from ui.speech import SpeechModel
from ui.walk import STANDS, walk
from ui.words import Words, catalogue, word


def say_in(language: Language) -> Callable[..., str]:
    return lambda key, *values: word(language, key, values)


def pages(language: Language) -> Iterator[Sample]:
    yield from samples(language)
    yield from walk(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_something_to_say_and_a_voice_can_say_it(language: Language) -> None:
    said: dict[str, str] = {}
    for sample in pages(language):
        screen = snapshot(sample, language)
        reading = speech.reading(screen, say_in(language), 20)
        for line in speech.written(screen, say_in(language)):
            assert unknown(line.text, language) == "", (sample.name, line.text)
        assert reading.said, sample.name
        assert set(reading.news) <= set(reading.said), sample.name
        for sentence in reading.said:
            assert SPOKEN[language].fullmatch(sentence), (sample.name, sentence)
        said[sample.name] = " ".join(reading.said)
    keys = {key for key in catalogue(language) if "." in key}
    assert not [name for name, text in said.items() for key in keys if key.replace(".", " ") in text.split("  ")]
    panels = {name for name in said if name.startswith("panel-")} - {"panel-help-staff"}  # who helps is spoken to
    assert len({said[name] for name in panels}) == len(panels), "each panel is said instead of its page"


def texts_of(value: Any, path: str = "") -> Iterator[tuple[str, Text]]:
    """Every text of a pack with where it stands."""
    if isinstance(value, Text):
        yield path, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts_of(each, f"{path}.{key}")
    elif isinstance(value, (tuple, list)):
        for number, each in enumerate(value):
            yield from texts_of(each, f"{path}.{number}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_every_pack_can_be_said(language: Language) -> None:
    looked: set[tuple[str, object]] = set()  # many packs say the same
    for name, pack in load_builtin(STANDS).items():
        says = [(row.written, row.said.of(language)) for row in pack.speech]
        for path, text in texts_of(replace(pack, speech=())):
            written = text.of(language)
            if not written or "{" in written or (written, pack.speech) in looked:  # filled places: the pages above
                continue
            looked.add((written, pack.speech))
            assert unknown(written, language, says) == "", (name, path, written)
            assert speakable(written, language, says), (name, path, written)


class Fake:
    """Says nothing; remembers what it was to say, and ends when it is told to."""

    def __init__(self) -> None:
        self.ready = True
        self.said: list[tuple[str, ...]] = []
        self.hushed = 0
        self.end: Callable[[bool], None] = lambda whole: None

    def say(self, sentences: Sequence[str], language: str, ended: Callable[[bool], None]) -> None:
        self.said.append(tuple(sentences))
        self.end = ended

    def hush(self) -> None:
        self.hushed += 1


@pytest.fixture
def voice() -> Fake:
    return Fake()


@pytest.fixture
def model(voice: Fake, app: Any) -> Iterator[SpeechModel]:
    root = QObject()
    found = SpeechModel(Words("zh_CN", root), lambda: 0.0, root)
    found.use(lambda: voice)
    yield found
    del root


def show(model: SpeechModel, name: str, **chrome: object) -> None:
    sample = next(each for each in samples("zh_CN") if each.name == name)
    model.follow(snapshot(replace(sample, chrome={**sample.chrome, **chrome})))


def over(voice: Fake) -> None:
    voice.end(True)
    QCoreApplication.processEvents()


def state(model: SpeechModel) -> tuple[bool, bool, bool]:
    return tuple(model.property(name) for name in ("possible", "on", "speaking"))  # type: ignore[return-value]


def test_nothing_is_said_before_somebody_listens(model: SpeechModel, voice: Fake) -> None:
    show(model, "home")
    show(model, "guide")
    assert (voice.said, state(model)) == ([], (True, False, False))


def test_a_touch_reads_another_is_silence_and_once_more_reads_again(model: SpeechModel, voice: Fake) -> None:
    show(model, "home")
    model.toggle()
    assert voice.said[0][0] == "您想办什么？"
    assert state(model) == (True, True, True)
    model.toggle()
    assert (voice.hushed, state(model)) == (1, (True, False, False))
    model.toggle()
    over(voice)
    assert state(model) == (True, True, False)
    model.toggle()
    assert voice.said == [voice.said[0]] * 3


def test_the_next_page_is_read_whatever_is_being_said_and_the_same_one_only_for_news(
    model: SpeechModel, voice: Fake
) -> None:
    show(model, "form")
    model.toggle()
    show(model, "guide")
    assert len(voice.said) == 2, "the page that was left is not said to its end"
    show(model, "form-empty")
    show(model, "form")
    assert len(voice.said) == 3, "what is typed is not said with every key"
    show(model, "form-complaint")
    assert voice.said[-1] == ("名称至少要两个字。",)
    show(model, "form-complaint")
    assert len(voice.said) == 4


def test_it_ends_with_the_visit(model: SpeechModel, voice: Fake) -> None:
    show(model, "farewell")
    model.toggle()
    show(model, "wiping")
    assert (voice.hushed, state(model)[1:]) == (1, (False, False))
    show(model, "attract")
    show(model, "home")
    assert len(voice.said) == 1, "the next citizen has not asked for it"


def test_a_late_end_of_what_was_said_before_changes_nothing(model: SpeechModel, voice: Fake) -> None:
    show(model, "home")
    model.toggle()
    first = voice.end
    show(model, "guide")
    first(False)
    QCoreApplication.processEvents()
    assert state(model) == (True, True, True)


def test_without_a_voice_there_is_no_control(model: SpeechModel, voice: Fake) -> None:
    show(model, "home")
    voice.ready = False
    show(model, "guide")
    assert state(model) == (False, False, False)


def test_a_warning_is_said_with_its_seconds_and_the_page_again_when_it_is_gone(model: SpeechModel, voice: Fake) -> None:
    show(model, "review")
    model.toggle()
    show(model, "review", warning=True, expires_at=20.0)
    assert voice.said[-1] == ("您还在吗？", "再过二十秒会自动退出，并清除您的信息。", "我还在。")
    show(model, "review")
    assert voice.said[-1] == voice.said[0]
