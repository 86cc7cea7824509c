"""What a page says, said: sentence by sentence, recorded by the voice's child and played by the sound device.

Whoever says something new, or hushes, is heard at once: what is under way ends. Nothing of it is kept; the child, which
has heard names and numbers, ends with the visit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.sound import Played, PlayOutcome, Sound, read_wav
from kiosk.counter.actors import Actor
from kiosk.workers import WorkerError

SPARE = 5.0  # s beyond its own length that a recording may take
Ended = Callable[[bool], None]


class Voice(Protocol):
    """Sentences as WAV files (kiosk.voice.worker.VoiceWorker)."""

    @property
    def failures(self) -> int: ...

    def say(self, text: str, language: str) -> bytes: ...

    def release(self) -> None: ...


class Speaking:
    """Every call returns at once and may come from any thread. ``crashed`` hears of what nobody expected."""

    def __init__(
        self, sound: Actor, voice: Voice, missing: Callable[[], str], crashed: Callable[[BaseException], None]
    ) -> None:
        self._actor, self._voice, self._crashed = sound, voice, crashed
        self._able = not missing()
        self._lock = threading.Lock()
        self._turn = 0
        self._device: Sound | None = None
        self._work = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speaking")

    @property
    def ready(self) -> bool:
        """Whether there is a voice, and something to hear it by."""
        return self._able and self._actor.status.usable

    @property
    def failures(self) -> int:
        """How often the child that speaks died or had to be killed."""
        return self._voice.failures

    def say(self, sentences: Sequence[str], language: str, ended: Ended) -> None:
        """Say these instead of whatever is being said. ``ended``: on a thread of ours; True: said to the end."""
        turn = self.hush()
        self._work.submit(self._say, tuple(sentences), language, turn, ended).add_done_callback(self._looked_at)

    def hush(self) -> int:
        """Nothing more is said of what was asked before. The turn from which on something may be."""
        with self._lock:
            self._turn += 1
            turn, device = self._turn, self._device
        if device is not None:
            device.stop()
        return turn

    def forget(self) -> None:
        """The visit is over: silence, and nobody remembers what was said. Waits for a sentence being recorded."""
        self.hush()
        self._voice.release()

    def close(self) -> None:
        self.hush()
        self._work.shutdown(wait=True, cancel_futures=True)
        self._voice.release()

    # -- on the one thread

    def _say(self, sentences: tuple[str, ...], language: str, turn: int, ended: Ended) -> None:
        playing: Future[PlayOutcome | None] | None = None
        whole = True
        for sentence in sentences:
            if turn != self._turn:
                whole = False
                break
            try:
                recording = self._voice.say(sentence, language)  # while the one before is heard
            except WorkerError:
                whole = False
                break
            if playing is not None and not self._heard(playing):
                whole, playing = False, None
                break
            playing = self._play(recording, turn)
        if playing is not None:
            whole = self._heard(playing) and whole
        ended(whole and turn == self._turn)

    def _play(self, recording: bytes, turn: int) -> Future[PlayOutcome | None]:
        pcm = read_wav(recording)

        def play(sound: Any, deadline: Deadline) -> PlayOutcome | None:
            with self._lock:
                self._device = sound
            mine = sound.turn  # read before the look: who hushes afterwards has stopped this turn
            if turn != self._turn:
                return None
            outcome: PlayOutcome = sound.play(pcm, deadline, turn=mine)
            return outcome

        return self._actor.submit(play, pcm.seconds + SPARE)

    def _heard(self, playing: Future[PlayOutcome | None]) -> bool:
        try:
            return isinstance(playing.result(), Played)
        except (DeviceError, CancelledError):  # the device is gone: its own status tells why
            return False

    def _looked_at(self, job: Future[None]) -> None:
        error = None if job.cancelled() else job.exception()
        if error is not None:
            self._crashed(error)
