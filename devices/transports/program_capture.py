"""Record what a foreign program is told, says and gives to a file, and play it back with a program in its place.

For drivers whose device is behind a program (scanimage): the narrowest wire that is theirs is the run of that program,
its words in, its stdout, stderr, pipes and exit status out. A capture is JSON lines, for each run
``{"at": seconds, "dir": "out", "words": […]}``, then as the driver took them in ``{"dir": "in", "from": "stdout" |
"stderr" | a pipe's name, "zlib": base64}``, ``{"dir": "end", "from": a pipe's name}``, and last ``{"dir": "exit",
"status": number or null}``: negative for a signal, null where the driver had to end it.

The replay fails on the first word that the driver says differently; the folder of the pipes, new at each run, and the
folder that the program lies in may differ. It starts a real program for each run, which plays as fast as it is read.
Pictures are in a capture: take it with test pages only.
"""

from __future__ import annotations

import base64
import os
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from devices.transports import program_capture_player
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.program import Program

FOLDER = "{folder}"
Note = Callable[[Mapping[str, Any]], None]


class CapturingPrograms:
    """Starts programs, and writes down what comes of it."""

    def __init__(self, path: Path) -> None:
        self._file = CaptureFile(path)

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: str = "") -> Program:
        program = _Overheard(command, environment, self._file.note)
        self._file.note({"dir": "out", "words": _words(command, folder)})
        return program

    def read(self, descriptor: int, count: int, name: str) -> bytes:
        data = os.read(descriptor, count)
        self._file.note(_heard(name, data) if data else {"dir": "end", "from": name})
        return data


class _Overheard(Program):
    def __init__(self, command: Sequence[str], environment: Mapping[str, str], note: Note) -> None:
        self._note = note
        self._exit_noted = False
        super().__init__(command, environment)

    def _take(self, kept: bytearray, piece: bytes) -> None:
        super()._take(kept, piece)
        self._note(_heard("stdout" if kept is self._out else "stderr", piece))

    def end(self, *arguments: Any) -> None:
        self._note_exit()  # as it is before it is ended
        super().end(*arguments)

    def free(self) -> None:
        self._note_exit()
        super().free()

    def _note_exit(self) -> None:
        if not self._exit_noted:
            self.hear()
            self._exit_noted = True
            self._note({"dir": "exit", "status": self.status})


class ReplayPrograms:
    """Each run is the next of the capture."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError where the file is no whole capture."""
        bounds = [entry for entry in entries_of(path) if entry["dir"] in ("out", "exit")]
        if [entry["dir"] for entry in bounds] != ["out", "exit"] * (len(bounds) // 2):
            raise ValueError(f"{path.name} is no whole capture of programs")
        self._path = path
        self._runs: list[Sequence[str]] = [entry["words"] for entry in bounds[::2]]
        self._next = 0

    @property
    def finished(self) -> bool:
        """Whether every run has been played."""
        return self._next >= len(self._runs)

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: str = "") -> Program:
        run = self._next
        if self.finished:
            raise ReplayMismatch(f"run {run + 1}: the capture has no more")
        told, captured = _words(command, folder), self._runs[run]
        for place in range(max(len(told), len(captured))):
            ours, theirs = (words[place] if place < len(words) else "nothing" for words in (told, captured))
            if ours != theirs:
                raise ReplayMismatch(f"run {run + 1}, word {place}: {ours!r}, captured {theirs!r}")
        self._next += 1
        player = str(program_capture_player.__file__)
        return Program([sys.executable, "-I", "-S", player, str(self._path), str(run), folder], environment)

    def read(self, descriptor: int, count: int, name: str) -> bytes:
        return os.read(descriptor, count)


def _words(command: Sequence[str], folder: str) -> list[str]:
    words = [os.path.basename(command[0]), *command[1:]]
    return [word.replace(folder, FOLDER) for word in words] if folder else words


def _heard(name: str, data: bytes) -> dict[str, Any]:
    return {"dir": "in", "from": name, "zlib": base64.b64encode(zlib.compress(data)).decode("ascii")}
