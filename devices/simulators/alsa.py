"""The sound output's twin: a private ALSA configuration whose outputs write what is played into files.

What plays is alsa-lib itself, so the driver runs the same player that it runs in the street. Real time is not kept:
a file takes samples as fast as they come.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from devices.simulators.twin import Json, UnknownAction

OUTPUTS = ("speaker", "headphone")
_ACTIONS = ("ok", "unplug", "plug", "hang", "hang-in-the-middle", "full")
_NULL = "pcm.nothing { type null }\n"


class AlsaTwin:
    """A simulated sound card. ``folder`` keeps the files (a temporary one without it)."""

    def __init__(self, name: str, *, folder: str = "") -> None:
        self.name = name
        self._own = not folder
        self._folder = Path(folder or tempfile.mkdtemp(prefix="kiosk-twin-sound-"))
        self._fault = ""
        self._reader = -1

    @property
    def port(self) -> str:
        return self.output("speaker")

    def output(self, name: str) -> str:
        """The port of an output: ``speaker`` or ``headphone``."""
        return f"{name}@{self._folder / 'asound.conf'}"

    def start(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self._set("")

    def stop(self) -> None:
        self._release()
        if self._own:
            shutil.rmtree(self._folder, ignore_errors=True)

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``unplug`` and ``plug``, ``hang`` (opening never comes back), ``hang-in-the-middle`` (takes 64 KB of samples
        and then no more), ``full`` (an error in the middle of writing), ``ok``."""
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
