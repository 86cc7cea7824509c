"""What every sound output promises: alsa-lib itself plays, into files, and every sample that was played is compared.

There is no capture and no replay here: nothing is said on this wire but samples.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State, Status
from devices.contracts.sound import CutShort, NotPlayed, Output, Pcm, Played, Sound
from devices.drivers.alsa.driver import AlsaSound, Mixer
from devices.drivers.alsa.loudness import gain, scale
from devices.drivers.alsa.tone import beep
from devices.simulators.alsa import AlsaTwin
from tests.patience import BUSY
from tests.unit.test_sound_samples import wav

pytestmark = pytest.mark.skipif(not shutil.which("aplay"), reason="needs the Debian package alsa-utils")
TONE = beep(100)
LONG = Pcm(48_000, 2, TONE.data * 20)  # 8 s


def soon() -> Deadline:
    return Deadline.after(5)


class SoundContract:
    """Subclasses give ``sound``."""

    def test_it_is_a_device_that_says_what_it_can(self, sound: Sound) -> None:
        assert isinstance(sound, Device)
        assert (sound.info.kind, bool(sound.info.port)) == ("sound", True)
        assert sound.poll(soon()).state is State.ONLINE
        assert "speaker" in sound.capabilities["outputs"]

    def test_what_is_played_to_its_end_says_so(self, sound: Sound) -> None:
        outcome = sound.play(TONE, soon())
        assert outcome == Played(TONE.seconds)
        assert sound.statistics()["played"] == 1

    def test_a_wav_file_is_played_and_anything_else_is_a_mistake(self, sound: Sound) -> None:
        assert sound.play(wav(b"\x01\x00" * 800), soon()) == Played(0.05)
        with pytest.raises(ValueError, match="WAV"):
            sound.play(b"hello", soon())

    def test_volume_mute_and_output_are_forgotten_after_every_user(self, sound: Sound) -> None:
        before = (sound.volume, sound.muted, sound.output)
        sound.set_volume(7)
        sound.set_muted(True)
        assert (sound.volume, sound.muted) == (7, True)
        sound.forget_user()
        assert (sound.volume, sound.muted, sound.output) == before

    @pytest.mark.parametrize("percent", [-1, 101])
    def test_a_volume_is_0_to_100(self, sound: Sound, percent: int) -> None:
        with pytest.raises(ValueError, match="0 to 100"):
            sound.set_volume(percent)

    def test_stopping_what_does_not_play_harms_nothing(self, sound: Sound) -> None:
        sound.stop()
        assert isinstance(sound.play(TONE, soon()), Played)

    def test_what_was_stopped_before_it_began_is_not_played(self, sound: Sound) -> None:
        turn = sound.turn
        sound.stop()
        outcome = sound.play(TONE, soon(), turn=turn)
        assert isinstance(outcome, NotPlayed)
        assert outcome.reason.code == "stopped"
        assert isinstance(sound.play(TONE, soon(), turn=sound.turn), Played)

    def test_reset_open_and_close_may_be_repeated(self, sound: Sound) -> None:
        for _ in range(2):
            sound.open(soon())
            sound.reset(soon())
        sound.close()
        sound.close()
        sound.open(soon())
        assert isinstance(sound.play(TONE, soon()), Played)

    @pytest.mark.parametrize(
        ("level", "passed"), [(Level.INTERNAL, True), (Level.EXTERNAL, True), (Level.INTERACTIVE, None)]
    )
    def test_self_tests_pass_or_leave_it_to_a_person(self, sound: Sound, level: Level, passed: bool | None) -> None:
        assert sound.self_test(level, soon()).passed is passed

    def test_no_time_left_is_nothing_played(self, sound: Sound) -> None:
        outcome = sound.play(TONE, Deadline.after(0))
        assert isinstance(outcome, NotPlayed)
        assert outcome.reason.code == "timeout"


class TestAlsaIntoFiles(SoundContract):
    @pytest.fixture
    def twin(self, tmp_path: Path) -> Iterator[AlsaTwin]:
        twin = AlsaTwin("sound", folder=str(tmp_path / "card"))
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def sound(self, twin: AlsaTwin) -> Iterator[AlsaSound]:
        sound = AlsaSound(twin.port, headphone=twin.output("headphone"), stall=0.4)
        sound.open(soon())
        yield sound
        sound.close()

    @pytest.mark.parametrize("percent", [100, 60, 1])
    def test_every_sample_arrives_as_loud_as_it_was_set(self, twin: AlsaTwin, sound: AlsaSound, percent: int) -> None:
        sound.set_volume(percent)
        assert sound.play(TONE, soon()) == Played(TONE.seconds)
        assert twin.played() == [scale(TONE.data, gain(percent)).rstrip(b"\0")]

    @pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 1), (22_050, 2), (44_100, 2), (48_000, 6)])
    def test_every_form_arrives_unchanged(self, twin: AlsaTwin, sound: AlsaSound, rate: int, channels: int) -> None:
        pcm = Pcm(rate, channels, bytes(range(1, 241)) * channels * 50)
        sound.set_volume(100)
        assert sound.play(pcm, soon()) == Played(pcm.seconds)
        assert twin.played() == [pcm.data]

    def test_mute_is_silence_of_the_same_length(self, twin: AlsaTwin, sound: AlsaSound) -> None:
        sound.set_muted(True)
        assert sound.play(TONE, soon()) == Played(TONE.seconds)
        assert twin.played() == []

    def test_the_headphone_hears_what_the_loudspeaker_does_not(self, twin: AlsaTwin, sound: AlsaSound) -> None:
        sound.set_output(Output.HEADPHONE)
        sound.play(TONE, soon())
        assert (len(twin.played("speaker")), len(twin.played("headphone"))) == (0, 1)
        sound.forget_user()
        sound.play(TONE, soon())
        assert (len(twin.played("speaker")), len(twin.played("headphone"))) == (1, 1)

    def test_a_terminal_without_a_headphone_says_so(self, twin: AlsaTwin) -> None:
        with pytest.raises(ValueError, match="no headphone"):
            AlsaSound(twin.port).set_output(Output.HEADPHONE)

    def test_a_headphone_that_is_not_there_is_told_and_the_loudspeaker_plays(self, twin: AlsaTwin) -> None:
        sound = AlsaSound(twin.port, headphone="plughw:NoSuchCard,0")
        sound.open(soon())
        for status in (sound.poll(soon()), _after_headphone(sound)):
            assert [(fault.code, fault.blocking) for fault in status.faults] == [("port-missing", False)]
            assert status.faults[0].detail.startswith("headphone")
            assert status.state is State.ONLINE
        assert isinstance(sound.play(TONE, soon()), Played)

    def test_nothing_it_shows_holds_what_was_played(self, sound: AlsaSound) -> None:
        sound.play(TONE, soon())
        shown = f"{sound!r} {sound.info} {sound.capabilities} {sound.statistics()} {sound.poll(soon())} {TONE!r}"
        assert len(shown) < 1500
        assert repr(TONE.data[2000:2008])[2:-1] not in shown

    # What goes wrong

    def test_an_output_that_is_gone_is_named_and_works_again_when_back(self, twin: AlsaTwin, sound: AlsaSound) -> None:
        twin.act("unplug", {})
        outcome = sound.play(TONE, soon())
        assert isinstance(outcome, NotPlayed)
        assert outcome.reason.code == "port-missing"
        assert not sound.poll(soon()).usable
        with pytest.raises(DeviceError) as caught:
            sound.open(soon())
        assert (caught.value.code, bool(caught.value.advice)) == ("port-missing", True)
        twin.act("plug", {})
        sound.open(soon())
        assert sound.poll(soon()).usable
        assert isinstance(sound.play(TONE, soon()), Played)

    def test_an_opening_that_never_comes_back_is_killed_and_unknown(self, twin: AlsaTwin, sound: AlsaSound) -> None:
        twin.act("hang", {})
        start = time.monotonic()
        outcome = sound.play(TONE, Deadline.after(3))
        assert time.monotonic() - start < 3
        assert isinstance(outcome, NotPlayed)
        assert outcome.reason.code == "no-answer"
        assert sound.poll(soon()).state is State.UNKNOWN
        sound.reset(soon())
        assert sound.poll(soon()).state is State.UNKNOWN
        twin.act("ok", {})
        sound.reset(soon())
        assert sound.poll(soon()).usable

    def test_an_output_that_stops_in_the_middle_is_cut_short(self, twin: AlsaTwin, sound: AlsaSound) -> None:
        twin.act("hang-in-the-middle", {})
        outcome = sound.play(LONG, Deadline.after(3))
        assert isinstance(outcome, CutShort)
        assert outcome.reason.code == "no-answer"

    def test_the_deadline_ends_it_in_time(self, twin: AlsaTwin) -> None:
        sound = AlsaSound(twin.port)
        twin.act("hang-in-the-middle", {})
        deadline = Deadline.after(0.4)
        outcome = sound.play(LONG, deadline)
        assert time.monotonic() - deadline.at < BUSY
        assert isinstance(outcome, CutShort)
        assert outcome.reason.code == "timeout"

    def test_an_error_in_the_middle_is_cut_short(self, twin: AlsaTwin, sound: AlsaSound) -> None:
        twin.act("full", {})
        outcome = sound.play(LONG, soon())
        assert isinstance(outcome, CutShort)
        assert outcome.reason.code == "sound-failed"

    def test_stopping_from_another_thread_ends_it_at_once(self, twin: AlsaTwin) -> None:
        sound = AlsaSound(twin.port, stall=10)
        twin.act("hang-in-the-middle", {})
        outcomes: list[object] = []
        player = threading.Thread(target=lambda: outcomes.append(sound.play(LONG, Deadline.after(20))))
        player.start()
        end = Deadline.after(5)
        while not child_of(sound) and not end.expired:
            threading.Event().wait(0.005)
        start = time.monotonic()
        sound.stop()
        player.join(5)
        assert time.monotonic() - start < BUSY
        assert [outcome.reason.code for outcome in outcomes if isinstance(outcome, CutShort)] == ["stopped"]

    def test_a_player_that_somebody_kills_is_named(self, twin: AlsaTwin) -> None:
        sound = AlsaSound(twin.port, stall=10)
        twin.act("hang-in-the-middle", {})
        outcomes: list[object] = []
        player = threading.Thread(target=lambda: outcomes.append(sound.play(LONG, Deadline.after(20))))
        player.start()
        end = Deadline.after(5)
        while not (pid := child_of(sound)) and not end.expired:
            threading.Event().wait(0.005)
        os.kill(pid, 9)
        player.join(5)
        assert [outcome.reason.code for outcome in outcomes if isinstance(outcome, CutShort)] == ["player-died"]

    @pytest.mark.parametrize("card", ["724", "30", "NoSuchCard"])
    def test_a_mixer_that_is_not_there_is_told_and_it_plays_all_the_same(self, twin: AlsaTwin, card: str) -> None:
        sound = AlsaSound(twin.port, mixer=Mixer(card))
        sound.open(soon())
        status = sound.poll(soon())
        assert [(fault.code, fault.blocking) for fault in status.faults] == [("mixer-missing", False)]
        assert status.usable
        assert isinstance(sound.play(TONE, soon()), Played)

    def test_without_the_player_it_says_which_package_is_missing(
        self, twin: AlsaTwin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        sound = AlsaSound(twin.port)
        with pytest.raises(DeviceError, match="alsa-utils") as caught:
            sound.open(soon())
        assert caught.value.code == "player-missing"
        assert isinstance(sound.play(TONE, soon()), NotPlayed)


def _after_headphone(sound: AlsaSound) -> Status:
    """What is told when something was to be played to the headphone."""
    sound.set_output(Output.HEADPHONE)
    assert isinstance(sound.play(TONE, soon()), NotPlayed)
    sound.forget_user()
    return sound.poll(soon())


def child_of(sound: AlsaSound) -> int:
    """The player's process, once it has taken some samples; 0 before."""
    program = sound._playing
    return program.pid if program is not None and program.fed > 20_000 else 0


@pytest.mark.hardware
class TestAlsaOnADevice(SoundContract):
    """HARDWARE_ALSA names the output, as in aplay -L. It plays a few tones."""

    @pytest.fixture
    def sound(self) -> Iterator[AlsaSound]:
        sound = AlsaSound(os.environ["HARDWARE_ALSA"])
        sound.open(soon())
        yield sound
        sound.close()
