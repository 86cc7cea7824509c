"""Sound by ALSA's own player: aplay as a child that is fed piece by piece and killed when it hangs.

Volume and mute are arithmetic on the samples (``loudness``), so that they do not depend on a card's mixer; a mixer, if
the profile names one, is only put to a fixed level. **Unverified**: no sound card was at hand; what is known was seen
with alsa-lib playing into files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.contracts.listening import LoopHeard, LoopSilent
from devices.contracts.sound import LOUDEST, CutShort, NotPlayed, Output, Pcm, Played, PlayOutcome, read_wav
from devices.drivers.alsa.listening import LEAST, LISTEN_RATE, SECONDS, chime, over_room
from devices.drivers.alsa.loudness import gain, scale
from devices.drivers.alsa.tone import beep
from devices.drivers.alsa.words import ADVICE, KILLED, LATE, NO_PROGRAM, SILENT, STOPPED, meaning
from devices.transports.program import FedProgram, Program

VOLUME = 60
STALL = 3.0  # seconds in which a working output takes some data: it holds a fifth of one
PIPE_BYTES = 4096  # what waits in the pipe is still to be played: little of it, so that a setting is heard soon
BUFFER_MICROSECONDS = 200_000
LOOK_EVERY = 30.0  # seconds between two openings of the output by ``poll``: amplifiers may click
RESERVE = 0.1  # seconds at the end of a deadline for killing
_EMPTY = ("-t", "raw", "-f", "S16_LE", "-r", "48000", "-c", "2", "/dev/null")


@dataclass(frozen=True, slots=True)
class Mixer:
    """A control of a sound card that is put to ``percent`` at every opening and reset (amixer)."""

    card: str
    control: str = "Master"
    percent: int = 80


class AlsaSound:
    """``port`` is ALSA's name of the loudspeaker (``default``, ``plughw:0,0`` …), ``headphone`` that of the headphone,
    ``microphone`` that of a microphone which hears the loudspeaker; none where empty.

    ``name@/path`` plays through a private ALSA configuration. ``stop`` and ``turn``: for any thread; all else for one.
    """

    def __init__(
        self,
        port: str = "default",
        *,
        headphone: str = "",
        volume: int = VOLUME,
        mixer: Mixer | None = None,
        stall: float = STALL,
        microphone: str = "",
    ) -> None:
        self._microphone = microphone
        self._port, self._home_volume, self._mixer, self._stall = port, volume, mixer, stall
        self._names = {Output.SPEAKER: port, **({Output.HEADPHONE: headphone} if headphone else {})}
        self._volume, self._muted, self._output = volume, False, Output.SPEAKER
        self._count: Counter[str] = Counter()
        self._playing: FedProgram | None = None
        self._turns = count(1)
        self._turn = 0
        self._last: Status | None = None
        self._mixer_fault: Fault | None = None
        _check(volume)

    # -- Device ----------------------------------------------------------------------------------------

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("sound", "alsa", self._port)

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {
            "outputs": " ".join(output.value for output in self._names),
            "volume": "samples",
            "mixer": f"{self._mixer.card}/{self._mixer.control}" if self._mixer else "none",
            "microphone": self._microphone or "none",
            "verified": "alsa-lib playing into files; no sound card, no mixer was at hand",
        }

    def open(self, deadline: Deadline) -> None:
        """See that the loudspeaker can be opened, and put the mixer to its level. DeviceError where it cannot; a
        headphone that cannot be opened is told in the status."""
        if fault := self._try_output(Output.SPEAKER, deadline):
            self._count[fault.code] += 1
            raise _error(fault)
        self._set_mixer(deadline)
        self._last = None
        self.forget_user()

    def close(self) -> None:
        self.stop()

    def poll(self, deadline: Deadline) -> Status:
        """As last learnt; the outputs are opened anew when that is half a minute ago."""
        if self._last is None or self._last.age() > LOOK_EVERY:
            self._last = self._look(deadline)
        return self._last

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL opens the outputs; EXTERNAL plays a moment of silence; INTERACTIVE a tone, for a person to hear."""
        status = self._last = self._look(deadline)
        if level is Level.INTERNAL or not status.usable:
            faults = ", ".join(fault.code for fault in status.faults)
            return TestResult(level, status.usable, faults or "every output opens")
        tone = beep(0 if level is Level.EXTERNAL else LOUDEST)
        outcome = self.play(tone, deadline)
        if isinstance(outcome, Played):
            heard = level is Level.INTERACTIVE
            return TestResult(level, None if heard else True, "a tone was played" if heard else "silence was played")
        return TestResult(level, False, f"{type(outcome).__name__}: {outcome.reason.code}")

    def reset(self, deadline: Deadline) -> None:
        """End what plays, put the mixer to its level, look at the outputs anew; idempotent."""
        self.forget_user()
        self._set_mixer(deadline)
        self._last = self._look(deadline)

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: plays, played, cut_short, not_played, milliseconds, one per fault code."""
        return dict(self._count)

    # -- Sound -----------------------------------------------------------------------------------------

    @property
    def turn(self) -> int:
        return self._turn

    def play(self, sound: Pcm | bytes, deadline: Deadline, *, turn: int | None = None) -> PlayOutcome:
        pcm = read_wav(sound) if isinstance(sound, bytes) else sound
        output = self._output
        outcome = self._play(pcm, output, self._turn if turn is None else turn, deadline)
        self._count["plays"] += 1
        if isinstance(outcome, Played):
            self._count["played"] += 1
            self._count["milliseconds"] += round(1000 * outcome.seconds)
            return outcome
        self._count["cut_short" if isinstance(outcome, CutShort) else "not_played"] += 1
        self._count[outcome.reason.code] += 1
        if outcome.reason not in (STOPPED, LATE):
            self._last = self._told({output: outcome.reason})
        return outcome

    def stop(self) -> None:
        self._turn = next(self._turns)  # a new one, whoever else stops it at this moment
        playing = self._playing
        if playing is not None:
            playing.wake()

    @property
    def volume(self) -> int:
        return self._volume

    def set_volume(self, percent: int) -> None:
        _check(percent)
        self._volume = percent

    @property
    def muted(self) -> bool:
        return self._muted

    def set_muted(self, muted: bool) -> None:
        self._muted = muted

    @property
    def output(self) -> Output:
        return self._output

    def set_output(self, output: Output) -> None:
        if output not in self._names:
            raise ValueError(f"this terminal has no {output.value}")
        self._output = output

    def forget_user(self) -> None:
        self.stop()
        self._volume, self._muted, self._output = self._home_volume, False, Output.SPEAKER

    # -- Listening (contracts.listening) -----------------------------------------------------------------

    @property
    def listens(self) -> bool:
        return bool(self._microphone)

    def listen(self, deadline: Deadline) -> LoopHeard | LoopSilent | Fault:
        """See contracts.listening. Recording begins before the chime and ends after it."""
        self.forget_user()
        recorder = _recorder(self._microphone)
        if isinstance(recorder, Fault):
            return recorder
        try:
            played = self.play(chime(), deadline)
            if not isinstance(played, Played):
                return played.reason
            status = recorder.wait(Deadline(deadline.at - RESERVE).sooner(SECONDS + self._stall))
            if status != 0:
                return Fault("microphone-dead", Action.CALL_TECHNICIAN, "the microphone gives nothing", blocking=False)
            over = over_room(recorder.raw_output())
        finally:
            recorder.free()
        if over is None:
            return Fault("microphone-dead", Action.CALL_TECHNICIAN, "the microphone gives silence", blocking=False)
        return LoopHeard(round(over, 1)) if over >= LEAST else LoopSilent(round(over, 1))

    # -- inside ----------------------------------------------------------------------------------------

    def _play(self, pcm: Pcm, output: Output, turn: int, deadline: Deadline) -> PlayOutcome:
        work = Deadline(deadline.at - RESERVE)
        if work.expired:
            return NotPlayed(LATE)
        if turn != self._turn:
            return NotPlayed(STOPPED)
        layout = ("-t", "raw", "-f", "S16_LE", "-r", str(pcm.rate), "-c", str(pcm.channels))
        program = self._player(output, *layout, "-B", str(BUFFER_MICROSECONDS), "-")
        if isinstance(program, Fault):
            return NotPlayed(program)
        try:
            self._playing = program
            fault = self._feed(program, pcm, turn, work) or self._drain(program, pcm, turn, work)
            if fault is None:
                return Played(pcm.seconds)
            nothing = program.fed <= program.unheard() or "audio open error" in program.said()
            return NotPlayed(fault) if nothing else CutShort(fault)
        finally:
            self._playing = None
            program.free()

    def _feed(self, program: FedProgram, pcm: Pcm, turn: int, deadline: Deadline) -> Fault | None:
        """Hand over every sample, as loud as it is to be by now. The fault that prevents it."""
        frame = 2 * pcm.channels
        step = PIPE_BYTES // frame * frame
        waiting, place = b"", 0
        while waiting or place < len(pcm.data):
            if turn != self._turn:
                return STOPPED
            if not waiting:
                factor = 0 if self._muted else gain(self._volume)
                waiting, place = scale(pcm.data[place : place + step], factor), place + step
            taken = program.feed(waiting, deadline.sooner(self._stall))
            if taken < 0:
                return self._ended_early(program, deadline)
            if not taken and turn == self._turn:
                return LATE if deadline.expired else SILENT
            waiting = waiting[taken:]
        return None

    def _drain(self, program: FedProgram, pcm: Pcm, turn: int, deadline: Deadline) -> Fault | None:
        """Wait until the last sample has been heard: what aplay and the card still hold is less than the whole."""
        tail = min(pcm.seconds, PIPE_BYTES / (2 * pcm.channels * pcm.rate) + BUFFER_MICROSECONDS / 1e6)
        status = program.finish(deadline.sooner(tail + self._stall))
        if status == 0:
            return None
        if status is None:
            return STOPPED if turn != self._turn else LATE if deadline.expired else SILENT
        return KILLED if status < 0 else meaning(program.said())

    def _ended_early(self, program: FedProgram, deadline: Deadline) -> Fault:
        status = program.finish(deadline.sooner(self._stall))
        return KILLED if status is not None and status < 0 else meaning(program.said())

    def _look(self, deadline: Deadline) -> Status:
        return self._told({output: fault for output in self._names if (fault := self._try_output(output, deadline))})

    def _told(self, faults: Mapping[Output, Fault]) -> Status:
        """The loudspeaker's fault makes the state; without its headphone or its mixer it is of use all the same."""
        speaker, headphone = faults.get(Output.SPEAKER), faults.get(Output.HEADPHONE)
        told = [speaker] if speaker else []
        if headphone:
            told.append(replace(headphone, detail=f"headphone: {headphone.detail}", blocking=False))
        if self._mixer_fault:
            told.append(self._mixer_fault)
        return Status(_state(speaker), tuple(told), details={"output": self._output.value})

    def _try_output(self, output: Output, deadline: Deadline) -> Fault | None:
        """Open an output and play nothing. What prevents it."""
        return self._run(self._player(output, *_EMPTY), deadline)

    def _set_mixer(self, deadline: Deadline) -> None:
        """A mixer that does not obey is told in the status; samples carry the volume all the same."""
        self._mixer_fault = None
        if self._mixer is None:
            return
        command = ("amixer", "-q", "-c", self._mixer.card, "sset", self._mixer.control)
        fault = self._run(_started((*command, f"{self._mixer.percent}%", "unmute"), {}), deadline)
        if fault is not None:
            self._mixer_fault = Fault(fault.code, fault.action, f"mixer: {fault.detail}", blocking=False)
            self._count[fault.code] += 1

    def _player(self, output: Output, *arguments: str) -> FedProgram | Fault:
        name, _, config = self._names[output].partition("@")
        return _started(("aplay", "-q", "-D", name, *arguments), {"ALSA_CONFIG_PATH": config} if config else {})

    def _run(self, program: FedProgram | Fault, deadline: Deadline) -> Fault | None:
        """What goes wrong with a program that needs no input."""
        if isinstance(program, Fault):
            return program
        try:
            status = program.finish(Deadline(deadline.at - RESERVE).sooner(self._stall))
            if status is None:
                return SILENT
            return None if status == 0 else KILLED if status < 0 else meaning(program.said())
        finally:
            program.free()


def _state(fault: Fault | None) -> State:
    """What an output's fault makes of the device; an output that does not answer is unknown."""
    if fault is None:
        return State.ONLINE
    if fault.code == "port-busy":
        return State.DEVICE_BUSY
    if fault.code in (SILENT.code, LATE.code):
        return State.UNKNOWN
    return State.NO_DEVICE if fault.code in ("port-missing", "unplugged") else State.HARDWARE_ERROR


def _started(command: tuple[str, ...], environment: Mapping[str, str]) -> FedProgram | Fault:
    try:
        return FedProgram(command, environment, pipe=PIPE_BYTES)
    except DeviceError as error:
        return NO_PROGRAM if error.code == "program-missing" else Fault("player-missing", Action.RESET, str(error))


def _recorder(port: str) -> Program | Fault:
    """A recorder that runs, for as long as the chime and a little more."""
    name, _, config = port.partition("@")
    layout = ("-t", "raw", "-f", "S16_LE", "-r", str(LISTEN_RATE), "-c", "1", "-d", str(round(SECONDS)))
    try:
        return Program(("arecord", "-q", "-D", name, *layout, "-"), {"ALSA_CONFIG_PATH": config} if config else {})
    except DeviceError as error:
        return Fault("microphone-dead", Action.CONFIGURE, str(error), blocking=False)


def _error(fault: Fault) -> DeviceError:
    advice = ADVICE.get(fault.code, "Restart the terminal; call a technician if it stays.")
    retryable = fault.code in ("port-busy", "no-answer", "unplugged", "port-missing", "sound-failed", "player-died")
    return DeviceError(fault.code, fault.detail, advice=advice, retryable=retryable, action=fault.action)


def _check(percent: int) -> None:
    if not 0 <= percent <= LOUDEST:
        raise ValueError(f"a volume is 0 to {LOUDEST}, not {percent}")
