"""Recordings and volume as arithmetic: what is a recording, how loud each sample is, what the player's words mean."""

from __future__ import annotations

import array
import io
import struct
import wave

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.sound import Pcm, read_wav
from devices.drivers.alsa.loudness import gain, scale
from devices.drivers.alsa.tone import beep
from devices.drivers.alsa.words import ADVICE, meaning

SAMPLES = st.lists(st.integers(-32768, 32767), max_size=64).map(lambda values: array.array("h", values).tobytes())


def wav(data: bytes, *, rate: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(data)
    return file.getvalue()


def test_a_literal_wav_file_is_read() -> None:
    """RIFF/WAVE, PCM: fmt of 16 bytes (format 1, 1 channel, 8000 frames a second, 16 bit), then two samples."""
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", 4) + b"\x01\x00\xff\x7f"
    pcm = read_wav(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert pcm == Pcm(8000, 1, b"\x01\x00\xff\x7f")
    assert pcm.seconds == 2 / 8000


def test_what_a_recording_shows_of_itself_is_its_size() -> None:
    assert repr(Pcm(16_000, 1, b"\x01\x02" * 16_000)) == "Pcm(1 x 16000, 1.00 s)"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"ID3\x03" + bytes(100),
        wav(b"\x00" * 100, width=1),
        wav(b"\x00" * 96, width=3),
        wav(b"\x00" * 100)[:-7],
        wav(b"\x00" * 100)[:40],
        wav(b"\x00" * 16, channels=8)[:22] + b"\xff\xff" + wav(b"\x00" * 16)[24:],
    ],
    ids=["empty", "a beginning", "mp3", "8 bit", "24 bit", "torn", "torn head", "65535 channels"],
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"WAV|bit|torn|channels"):
        read_wav(data)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=120), st.integers(0, 59), st.integers(0, 255))
def test_hostile_files_are_recordings_or_refused(tail: bytes, place: int, byte: int) -> None:
    data = bytearray(wav(b"\x01\x00" * 8) + tail)
    data[place] = byte
    for candidate in (bytes(data), tail, b"RIFF" + tail):
        try:
            pcm = read_wav(candidate)
        except ValueError:
            continue
        assert len(pcm.data) <= len(candidate)


@pytest.mark.parametrize(("rate", "channels", "size"), [(0, 1, 0), (16_000, 0, 0), (16_000, 9, 0), (16_000, 2, 6)])
def test_no_sound_has_such_a_form(rate: int, channels: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"sound|frames"):
        Pcm(rate, channels, bytes(size))


@settings(deadline=None)
@given(SAMPLES)
def test_full_volume_leaves_every_sample_and_none_leaves_silence(data: bytes) -> None:
    assert scale(data, gain(100)) == data
    assert scale(data, gain(0)) == bytes(len(data))


@settings(deadline=None)
@given(SAMPLES, st.integers(0, 100))
def test_no_volume_makes_a_sample_larger_or_turns_it(data: bytes, percent: int) -> None:
    before, after = array.array("h", data), array.array("h", scale(data, gain(percent)))
    assert len(before) == len(after)
    for a, b in zip(before, after, strict=True):
        assert abs(b) <= abs(a)
        assert a * b >= 0


def test_half_the_volume_is_a_quarter_of_the_swing() -> None:
    samples = array.array("h", [32767, -32768, 4, -4, 1])
    assert array.array("h", scale(samples.tobytes(), gain(50))).tolist() == [8192, -8192, 1, -1, 0]
    assert [gain(percent) for percent in (0, 10, 50, 100)] == [0, 328, 8192, 32768]


def test_a_louder_volume_is_louder() -> None:
    gains = [gain(percent) for percent in range(101)]
    assert gains == sorted(gains)


def test_the_tone_begins_and_ends_in_silence() -> None:
    samples = array.array("h", beep(100).data)
    assert (samples[0], samples[-1], max(samples) > 15_000) == (0, 0, True)
    assert not any(beep(0).data)


# aplay and amixer 1.2.8, LC_ALL=C. Those of missing outputs and mixers, and of a write's Input/output error, were seen
# here; the others are the system's messages in the same places, unverified.
WORDS = {
    "ALSA lib pcm.c:2666:(snd_pcm_open_noupdate) Unknown PCM nosuch\n"
    "aplay: main:831: audio open error: No such file or directory\n": "port-missing",
    "ALSA lib confmisc.c:855:(parse_card) cannot find card '0'\n": "port-missing",
    "amixer: Mixer attach default error: No such file or directory\n": "mixer-missing",
    "Invalid card number '724'.\n": "mixer-missing",
    "aplay: main:831: audio open error: Device or resource busy\n": "port-busy",
    "aplay: main:831: audio open error: Permission denied\n": "port-denied",
    "aplay: main:831: audio open error: No such device\n": "port-missing",
    "aplay: pcm_write:2127: write error: No such device\n": "unplugged",
    "aplay: pcm_write:2127: write error: Input/output error\n": "sound-failed",
    "aplay: set_params:1358: Channels count non available\n": "format",
    "": "sound-failed",
}


@pytest.mark.parametrize(("words", "code"), WORDS.items(), ids=WORDS.values())
def test_the_players_last_words_have_a_meaning(words: str, code: str) -> None:
    assert meaning(words).code == code


def test_every_fault_that_a_person_can_mend_has_advice() -> None:
    codes = {meaning(words).code for words in WORDS} - {"sound-failed"}
    assert codes <= set(ADVICE)
