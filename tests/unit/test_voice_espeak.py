"""eSpeak NG says a sentence: a recording that is not silent, and as long as the sentence; in a child, or not at all."""

from __future__ import annotations

from array import array

import pytest

from devices.contracts.sound import Pcm, read_wav
from kiosk.health import machine
from kiosk.voice import engine
from kiosk.voice.espeak import Espeak, pinyin, runs
from kiosk.voice.worker import VoiceWorker
from kiosk.workers import WorkerRefused

spoken = pytest.mark.skipif(engine.missing() != "", reason=engine.missing() or "it speaks")


def loudness(pcm: Pcm) -> float:
    samples = array("h", pcm.data)
    return sum(abs(sample) for sample in samples) / len(samples)


def test_chinese_is_said_by_its_readings_and_latin_by_its_own_voice() -> None:
    assert runs("您填的是：X，请核对。") == [("zh", "您填的是："), ("en", "X"), ("zh", "，请核对。")]
    assert runs("Welcome, 王 star star.") == [("en", "Welcome, "), ("zh", "王 "), ("en", "star star.")]
    assert runs("M A 。") == [("en", "M A 。")]
    assert runs("，。") == []


@spoken
def test_a_phrase_decides_how_a_character_is_read() -> None:
    assert pinyin("不用重办，银行还在。") == "bu4 yong4 chong2 ban4 , yin2 hang2 hai2 zai4 ."


@spoken
@pytest.mark.parametrize(
    ("text", "language", "least", "most"),
    [
        ("您好，请把身份证放在右侧读卡区。", "zh_CN", 2.0, 8.0),
        ("Please put your card on the reader.", "en", 1.2, 6.0),
    ],
)
def test_a_sentence_is_a_recording_of_its_length(text: str, language: str, least: float, most: float) -> None:
    pcm = read_wav(Espeak().say(text, language))
    assert pcm.channels == 1
    assert least < pcm.seconds < most
    assert loudness(pcm) > 300, "not silence"


@spoken
def test_the_child_says_it_and_refuses_what_cannot_be_said() -> None:
    worker = VoiceWorker()
    try:
        assert loudness(read_wav(worker.say("Done.", "en"))) > 300
        with pytest.raises(WorkerRefused, match="nothing-to-say"):
            worker.say("，。", "zh_CN")
        assert worker.pid is not None
    finally:
        worker.release()
    assert worker.pid is None


def test_what_is_lacking_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.shutil, "which", lambda name: None)
    assert "espeak-ng" in engine.missing()
    told = machine.speaking()
    assert (told.state, "espeak-ng" in told.finding) == ("attention", True)
