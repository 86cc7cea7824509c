"""ippeveprinter in its room, as tests use it. Debian's cups-ipp-utils; the room is ippeve_room.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.transports.http import exchange

ROOM = Path(__file__).with_name("ippeve_room.py")
LOADED = "size1=iso_a4_210x297mm&type1=stationery&level1=250&size3=na_number-10_4.125x9.5in&type3=envelope&level3=25"
EMPTY = "size1=iso_a4_210x297mm&type1=stationery&level1=0"


class RealPrinter:
    """ippeveprinter in its room. ``fault`` is the shell snippet that the job command runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        os.mkfifo(folder / "gate")
        self._process = subprocess.Popen(
            [sys.executable, str(ROOM), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        answer = self._answer()
        if "missing" in answer:
            self.close()
            why = f"ippeveprinter cannot run here: {answer['missing']}"
            if os.environ.get("CI", "").lower() in ("1", "true"):
                pytest.fail(why)
            pytest.skip(why)
        self.number = int(str(answer["port"]))
        self.port = f"ipp://127.0.0.1:{self.number}/ipp/print"

    def _answer(self) -> dict[str, object]:
        assert self._process.stdout
        answer: dict[str, object] = json.loads(self._process.stdout.readline() or '{"missing": "it ended at once"}')
        return answer

    def fault(self, snippet: str) -> None:
        (self.folder / "fault.sh").write_text(snippet)

    def media(self, query: str) -> None:
        """What a person would do in the printer's web page."""
        self._visit(f"/media?{query}")

    def supplies(self, waste: int, toner: int) -> None:
        """Levels in percent."""
        self._visit(f"/supplies?supply0={waste}&supply1={toner}")

    def _visit(self, page: str) -> None:
        deadline = Deadline.after(5)
        answer = exchange("127.0.0.1", self.number, page, b"", content_type="", deadline=deadline, method="GET")
        assert answer.status == 200

    def open_gate(self) -> None:
        """Let the job command that waits at the gate go on."""
        (self.folder / "gate").write_text("go\n")

    def kill(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("kill\n")
        self._process.stdin.flush()
        assert self._answer() == {"killed": True}

    def spooled(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.folder / "spool").glob("*.pdf"))]

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
