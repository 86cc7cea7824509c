"""eSpeak NG: Chinese characters by their pinyin, which it says well where it garbles the characters themselves; Latin
letters by its English voice. One program for each run of a script, its recordings joined.

Readings are pypinyin's, by phrase (重办 chóng, not zhòng), loaded here in the child: 0.5 s and 57 MB.
"""

from __future__ import annotations

import io
import re
import subprocess
import tomllib
import wave
from functools import cache
from importlib.resources import files

from kiosk.voice.engine import PROGRAM, EngineFailed

VOICES = {"zh": "cmn-latn-pinyin", "en": "en-gb"}
WORDS_A_MINUTE = {"zh": 150, "en": 150}  # slower than its own 175: heard once, in a street
SECONDS = 8.0  # for one run: it makes a minute of speech in less than one
PAUSE = 0.12  # s between two runs
_RUNS = re.compile(r"[A-Za-z][A-Za-z ,.;:?!'-]*|[^A-Za-z]+")
_STOPS = str.maketrans("，。、；：？！", ",.,;:?!")


class Espeak:
    def say(self, text: str, language: str) -> bytes:
        rate, data = 0, b""
        for script, run in runs(text):
            found, samples = self._run(script, run)
            pause = bytes(2 * round(found * PAUSE)) if data else b""
            rate, data = found, data + pause + samples
        if not data:
            raise EngineFailed("nothing-to-say", "Nothing of this can be said.")
        return _wav(rate, data)

    def _run(self, script: str, text: str) -> tuple[int, bytes]:
        command = [PROGRAM, "-v", VOICES[script], "-s", str(WORDS_A_MINUTE[script]), "--stdin", "--stdout", "-b", "1"]
        said = pinyin(text) if script == "zh" else text.translate(_STOPS)
        try:
            ended = subprocess.run(command, input=said.encode(), capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineFailed("engine-silent", "Look whether espeak-ng runs on this machine.") from error
        if ended.returncode or len(ended.stdout) <= 44:
            raise EngineFailed("engine-failed", "Install Debian's espeak-ng anew.")
        return _samples(ended.stdout)


def runs(text: str) -> list[tuple[str, str]]:
    """The text in runs of one script, each with ``zh`` or ``en``; what is pause alone goes with its neighbour."""
    found: list[tuple[str, str]] = []
    for match in _RUNS.finditer(text):
        run = match[0]
        script = "en" if run[0].isascii() and run[0].isalpha() else "zh"
        if script == "zh" and not any("\u3400" <= sign <= "\U0003ffff" and sign.isalpha() for sign in run):
            if found:
                found[-1] = (found[-1][0], found[-1][1] + run)
            continue
        found.append((script, run))
    return found


def pinyin(text: str) -> str:
    """nǐ hǎo as ``ni3 hao3``, with the pauses of the text."""
    from pypinyin import Style, lazy_pinyin

    _learn()
    parts = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)
    return " ".join(part.translate(_STOPS) for part in parts).replace("ü", "v")


@cache
def _learn() -> None:
    """The house's own phrases, once."""
    from pypinyin import load_phrases_dict

    own = tomllib.loads((files("kiosk.voice") / "phrases.toml").read_text(encoding="utf-8"))
    load_phrases_dict({phrase: [[syllable] for syllable in said.split()] for phrase, said in own.items()})


def _samples(stream: bytes) -> tuple[int, bytes]:
    """Rate and samples: written to a pipe, the header's lengths are made up."""
    place = stream.find(b"data")
    if stream[:4] != b"RIFF" or place < 0 or stream[22:24] != b"\x01\x00" or stream[34:36] != b"\x10\x00":
        raise EngineFailed("engine-failed", "Install Debian's espeak-ng anew.")
    data = stream[place + 8 :]
    return int.from_bytes(stream[24:28], "little"), data[: len(data) // 2 * 2]


def _wav(rate: int, data: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(data)
    return file.getvalue()
