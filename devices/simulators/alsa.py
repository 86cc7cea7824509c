"""The sound output's twin: a private ALSA configuration whose outputs write what is played into files.

What plays is alsa-lib itself, so the driver runs the same player that it runs in the street. Real time is not kept:
a file takes samples as fast as they come.
"""

from __future__ import annotations

import array
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from devices.simulators.twin import Json, UnknownAction

OUTPUTS = ("speaker", "headphone")
_ACTIONS = ("ok", "unplug", "plug", "hang", "hang-in-the-middle", "full", "dead", "deaf")
_ROOM_RATE = 16_000  # what the microphone gives: one channel, 16 bit
_NOISE, _FAR = 60, 0.05  # the room's own noise, and what is left of a sound on its way to the microphone
_QUIET = 0.2  # s without a further sample after which a playing is over
_NULL = "pcm.nothing { type null }\n"


class AlsaTwin:
    """A simulated sound card. ``folder`` keeps the files (a temporary one without it). ``microphone``: whether there is
    one in the room, which hears what the loudspeaker plays (port ``microphone@…``, see ``output``)."""

    def __init__(self, name: str, *, folder: str = "", microphone: bool = False) -> None:
        self.name = name
        self._room = _Room(self) if microphone else None
        self._own = not folder
        self._folder = Path(folder or tempfile.mkdtemp(prefix="kiosk-twin-sound-"))
        self._fault = ""
        self._reader = -1

    @property
    def port(self) -> str:
        return self.output("speaker")

    def output(self, name: str) -> str:
        """The port of an output: ``speaker`` or ``headphone``; ``microphone`` where there is one."""
        return f"{name}@{self._folder / 'asound.conf'}"

    def start(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self._set("")
        if self._room is not None:
            self._room.start()

    def stop(self) -> None:
        if self._room is not None:
            self._room.stop()
        self._release()
        if self._own:
            shutil.rmtree(self._folder, ignore_errors=True)

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``unplug`` and ``plug``, ``hang`` (opening never comes back), ``hang-in-the-middle`` (takes 64 KB of samples
        and then no more), ``full`` (an error in the middle of writing), ``dead`` (the wire to the loudspeaker is cut:
        all that plays is taken, nothing is heard in the room), ``deaf`` (the microphone gives zeros), ``ok``."""
        if action not in _ACTIONS:
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {', '.join(_ACTIONS)}")
        self._set("" if action in ("ok", "plug") else action)

    def state(self) -> dict[str, Json]:
        return {
            "kind": "alsa",
            "port": self.port,
            "fault": self._fault or None,
            "played": {name: len(self.played(name)) for name in OUTPUTS},
        }

    def played(self, output: str = "speaker") -> list[bytes]:
        """Samples of each playing, oldest first, silence at the end left out: alsa-lib fills the last period with it.
        What was silence altogether (an output opened to see whether it opens) is left out too."""
        files = sorted(self._folder.glob(f"{output}.raw*"))
        return [data for file in files if (data := file.read_bytes().rstrip(b"\0"))]

    @property
    def ear(self) -> str:
        """The pipe out of which alsa-lib takes what the microphone hears."""
        return self._fifo("microphone")

    @property
    def fault(self) -> str:
        return self._fault

    def speaker_files(self) -> dict[Path, int]:
        """What was played, and its bytes so far."""
        return {file: file.stat().st_size for file in self._folder.glob("speaker.raw*")}

    # -- inside ----------------------------------------------------------------------------------------

    def _set(self, fault: str) -> None:
        self._release()
        self._fault = fault
        text = _NULL
        for name in OUTPUTS:
            if fault == "unplug":
                continue
            place, truncate = str(self._folder / f"{name}.raw"), "false"
            if fault.startswith("hang"):
                place, truncate = self._fifo(name), "true"
            elif fault == "full":
                place, truncate = "/dev/full", "true"
            text += f'pcm.{name} {{ type file slave.pcm "nothing" file "{place}" format "raw" truncate {truncate} }}\n'
        if self._room is not None:
            ear = f'infile "{self.ear}" format "raw"'
            text += f'pcm.microphone {{ type file slave.pcm "nothing" file "/dev/null" {ear} }}\n'
        fresh = self._folder / "asound.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._folder / "asound.conf")
        if fault == "hang-in-the-middle":  # somebody holds the other end, and never reads
            self._reader = os.open(self._fifo("speaker"), os.O_RDONLY | os.O_NONBLOCK)

    def _fifo(self, name: str) -> str:
        path = self._folder / f"{name}.fifo"
        if not path.exists():
            os.mkfifo(path, 0o600)
        return str(path)

    def _release(self) -> None:
        reader, self._reader = self._reader, -1
        if reader >= 0:
            os.close(reader)


class _Room(threading.Thread):
    """Air between loudspeaker and microphone: whenever somebody records, they get the room's noise and, in it, whatever
    is played meanwhile. Time is not kept, as in all of this twin: a recording ends when what was played has ended."""

    def __init__(self, card: AlsaTwin) -> None:
        super().__init__(name=f"room-{card.name}", daemon=True)
        self._card, self._over = card, False
        self._chance = random.Random(card.name)

    def run(self) -> None:
        while not self._over:
            before = self._card.speaker_files()
            with open(self._card.ear, "wb") as ear:  # until somebody listens
                if self._over:
                    return
                try:
                    ear.write(self._heard(before))
                except BrokenPipeError:
                    continue  # they had enough

    def stop(self) -> None:
        self._over = True
        if self.is_alive():
            handle = os.open(self._card.ear, os.O_RDONLY | os.O_NONBLOCK)  # or it waits for ever
            self.join()
            os.close(handle)

    def _heard(self, before: dict[Path, int]) -> bytes:
        played = self._played(before)
        lead, tail = round(0.25 * _ROOM_RATE), 4 * _ROOM_RATE
        sound = array.array("h", bytes(2 * lead)) + played + array.array("h", bytes(2 * tail))
        if self._card.fault == "deaf":
            return bytes(2 * len(sound))
        far = 0.0 if self._card.fault == "dead" else _FAR
        noise = self._chance.gauss
        return array.array("h", (round(far * one + noise(0, _NOISE)) for one in sound)).tobytes()

    def _played(self, before: dict[Path, int]) -> array.array[int]:
        """The left channel of what is played from now on, at the microphone's rate (every third frame)."""
        until, known, since = time.monotonic() + 3.0, dict[Path, int](), time.monotonic()
        while time.monotonic() < until and not self._over:
            now = {file: size for file, size in self._card.speaker_files().items() if before.get(file) != size}
            if now != known:
                known, since = now, time.monotonic()
            elif known and time.monotonic() - since > _QUIET:
                break
            time.sleep(0.01)
        samples = array.array("h")
        for file in sorted(known):
            data = file.read_bytes()
            samples.frombytes(data[: len(data) // 4 * 4])
        return samples[::6]
