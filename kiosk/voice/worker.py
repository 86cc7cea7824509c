"""The voice's child: started when the first sentence is to be said, ended with the visit.

What is said may be a person's name and number: it travels over a pipe, in no file, argument or log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.workers import Head, Worker, serve

SECONDS = 12.0  # for a sentence, with the start of the child on a busy machine


class VoiceWorker:
    """Recordings of sentences; one at a time."""

    def __init__(self) -> None:
        self._worker = Worker("kiosk.voice.worker")

    @property
    def pid(self) -> int | None:
        return self._worker.pid

    @property
    def failures(self) -> int:
        """How often the child died or had to be killed."""
        return self._worker.failures

    def say(self, text: str, language: str, deadline_s: float = SECONDS) -> bytes:
        """A WAV file. Raises WorkerError: overran, died, or refused with the engine's code."""
        _, data = self._worker.call({"language": language, "text": text}, deadline_s=deadline_s)
        return data

    def release(self) -> None:
        """End the child; the next sentence starts another."""
        self._worker.release()


def _handle(head: Head, body: bytes) -> tuple[Mapping[str, Any], bytes]:
    from kiosk.voice.espeak import Espeak

    return {}, Espeak().say(head["text"], head["language"])


def _refusal(error: Exception) -> Head | None:
    from kiosk.voice.engine import EngineFailed

    return {"error": error.code} if isinstance(error, EngineFailed) else None


if __name__ == "__main__":
    serve(_handle, _refusal)
