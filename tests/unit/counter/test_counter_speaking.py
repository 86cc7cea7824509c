"""A page is said sentence by sentence; who says something else, or hushes, is heard at once; nothing outlives it."""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Fault, State, Status
from devices.contracts.sound import CutShort, NotPlayed, Pcm, Played
from kiosk.counter.speaking import Speaking
from kiosk.workers import WorkerDied

SECONDS = 10.0
STOPPED = Fault("stopped", Action.NONE)


class Voice:
    """Each sentence's recording is as long as the sentence has letters, in hundredths of a second."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.released = 0
        self.broken = ""

    def say(self, text: str, language: str) -> bytes:
        if text == self.broken:
            raise WorkerDied("the child ended")
        self.said.append(text)
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(bytes(2 * 80 * len(text)))
        return file.getvalue()

    def release(self) -> None:
        self.released += 1


class Loudspeaker:
    """Plays until it is let go on, or stopped. The device and its actor in one."""

    def __init__(self) -> None:
        self.status = Status(State.ONLINE)
        self.turn = 0
        self.heard: list[float] = []
        self.playing = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self._thread = ThreadPoolExecutor(max_workers=1)

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        return self._thread.submit(lambda: command(self, Deadline.after(timeout)))

    def subscribe(self, listener: object) -> Callable[[], None]:
        return lambda: None

    def refresh(self) -> None:
        pass

    def play(self, sound: Pcm, deadline: Deadline, *, turn: int) -> object:
        if turn != self.turn:
            return NotPlayed(STOPPED)
        self.playing.release()
        assert self.go_on.acquire(timeout=SECONDS)
        if turn != self.turn:
            return CutShort(STOPPED)
        self.heard.append(round(sound.seconds, 2))
        return Played(sound.seconds)

    def stop(self) -> None:
        self.turn += 1
        self.go_on.release()

    def close(self) -> None:
        self._thread.shutdown(wait=True)


@pytest.fixture
def device() -> Iterator[Loudspeaker]:
    found = Loudspeaker()
    yield found
    found.close()


@pytest.fixture
def voice() -> Voice:
    return Voice()


@pytest.fixture
def speaking(device: Loudspeaker, voice: Voice) -> Iterator[Speaking]:
    crashes: list[BaseException] = []
    found = Speaking(device, voice, str, crashes.append)  # type: ignore[arg-type]  # as much of an actor as is used
    yield found
    device.go_on.release(10)
    found.close()
    assert crashes == []


class End:
    def __init__(self) -> None:
        self._told, self.whole = threading.Event(), False

    def __call__(self, whole: bool) -> None:
        self.whole = whole
        self._told.set()

    def wait(self) -> bool:
        assert self._told.wait(SECONDS)
        return self.whole


def test_sentences_are_heard_in_their_order_and_the_end_is_told(
    speaking: Speaking, device: Loudspeaker, voice: Voice
) -> None:
    device.go_on.release(3)
    speaking.say(["一", "二二", "三三三"], "zh_CN", end := End())
    assert end.wait()
    assert (voice.said, device.heard) == (["一", "二二", "三三三"], [0.01, 0.02, 0.03])


def test_the_next_recording_is_made_while_one_is_heard(speaking: Speaking, device: Loudspeaker, voice: Voice) -> None:
    speaking.say(["一", "二"], "zh_CN", end := End())
    assert device.playing.acquire(timeout=SECONDS)
    device.go_on.release(2)
    assert end.wait()
    assert voice.said == ["一", "二"]


def test_whoever_says_something_else_is_heard_at_once(speaking: Speaking, device: Loudspeaker, voice: Voice) -> None:
    speaking.say(["一", "二", "三"], "zh_CN", first := End())
    assert device.playing.acquire(timeout=SECONDS)
    speaking.say(["四四四四"], "zh_CN", second := End())
    assert not first.wait(), "cut short"
    assert device.playing.acquire(timeout=SECONDS)
    device.go_on.release()
    assert second.wait()
    assert device.heard == [0.04]
    assert "三" not in voice.said


def test_hushed_it_is_silent_and_its_end_is_told(speaking: Speaking, device: Loudspeaker) -> None:
    speaking.say(["一", "二"], "zh_CN", end := End())
    assert device.playing.acquire(timeout=SECONDS)
    speaking.hush()
    assert not end.wait()
    assert device.heard == []


def test_when_the_visit_is_over_the_child_that_heard_it_ends(
    speaking: Speaking, device: Loudspeaker, voice: Voice
) -> None:
    speaking.say(["一"], "zh_CN", end := End())
    assert device.playing.acquire(timeout=SECONDS)
    speaking.forget()
    assert not end.wait()
    assert voice.released == 1


def test_a_child_that_dies_ends_the_reading_and_nothing_else(
    speaking: Speaking, device: Loudspeaker, voice: Voice
) -> None:
    voice.broken = "二"
    device.go_on.release(3)
    speaking.say(["一", "二", "三"], "zh_CN", end := End())
    assert not end.wait()
    assert device.heard == [0.01]
    voice.broken = ""
    speaking.say(["三三三"], "zh_CN", again := End())
    assert again.wait()


def test_it_is_ready_with_a_voice_and_something_to_hear_it_by(device: Loudspeaker, voice: Voice) -> None:
    def made(missing: str) -> Speaking:
        return Speaking(device, voice, lambda: missing, lambda error: None)  # type: ignore[arg-type]

    able, unable = made(""), made("needs the Debian package espeak-ng")
    assert (able.ready, unable.ready) == (True, False)
    device.status = Status(State.NO_DEVICE)
    assert not able.ready
    able.close()
    unable.close()
