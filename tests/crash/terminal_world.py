"""The world of a terminal that is killed: twins and backend that stay, and the terminal as a process of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kiosk.demo.run import Demo, Wanted
from kiosk.journal import reading
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import CaseRow, VerifyReport
from tests.crash.fork_client import BUSY, ForkServer

ROOT = Path(__file__).resolve().parents[2]
MARK = "TERMINAL_UNDER_TEST"
"""Environment variable that the terminal and all it starts carry: so they are told from everybody else's processes."""


@contextmanager
def world(folder: Path) -> Iterator[Demo]:
    """Backend and twins as processes, started once."""
    wanted = Wanted(
        out=folder, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN"
    )  # fmt: skip
    with Demo(wanted) as demo:
        yield demo


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait for what another process brings about."""
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def marked(mark: str) -> dict[int, str]:
    """Living processes that carry this mark: id to command line."""
    found = {}
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if wanted not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(entry.name)] = command.decode("utf-8", "replace")
        except OSError:  # not ours, or gone meanwhile
            continue
    return found


class Born:
    """A child of the fork server, as `subprocess.Popen` shows one."""

    def __init__(self, server: ForkServer, mark: str, **order: Any) -> None:
        self._server, self._name = server, mark
        self.returncode: int | None = None
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        here = f"/proc/{os.getpid()}/fd"
        server.order(
            role="terminal", name=mark, stdin=f"{here}/{theirs_in}", stdout=f"{here}/{theirs_out}", **order
        )  # fmt: skip
        self.pid = server.event(time.monotonic() + BUSY, "born")["born"]
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin, self.stdout = os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb")

    def poll(self) -> int | None:
        self._listen(time.monotonic())
        return self.returncode

    def wait(self, timeout: float) -> int:
        if self._listen(time.monotonic() + timeout) is None:
            raise subprocess.TimeoutExpired(self._name, timeout)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            self._server.order(name=self._name, signal=number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _listen(self, until_moment: float) -> int | None:
        while self.returncode is None:
            said = self._server.hear(until_moment)
            if said is None:
                break
            if said.get("name") == self._name and "died" in said:
                self.returncode = said["status"]
        return self.returncode


class TerminalProcess:
    """One life of the terminal. Its temporary folder and home are its own; what it says on stderr is kept.

    ``server``: born by this fork server instead of by a start. ``module`` is another child's; ``within`` a command that
    runs it; ``more`` belongs into its environment.
    """

    def __init__(
        self,
        demo: Demo,
        folder: Path,
        failpoints: str = "",
        *,
        server: ForkServer | None = None,
        module: str = "tests.crash.terminal_child",
        within: Sequence[str] = (),
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.private = folder / "private"
        self.private.mkdir(exist_ok=True)
        self.said: list[dict[str, Any]] = []
        self._rest = b""
        given = {"ports": demo.ports, "folder": str(folder), "enrolment_code": demo.enrolment_code}
        own = {
            MARK: self.mark, "TMPDIR": str(self.private), "HOME": str(self.private), "KIOSK_FAILPOINTS": failpoints,
            **(more or {}),
        }  # fmt: skip
        self.errors = folder / "terminal.stderr"
        self.process: subprocess.Popen[bytes] | Born
        if server is not None:
            self.process = Born(
                server, self.mark, errors=str(self.errors), failpoints=failpoints, environment=own, given=given
            )
            return
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*within, sys.executable, "-m", module, json.dumps(given)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **own},
                cwd=ROOT,
            )

    def order(self, do: str, **words: Any) -> None:
        """Tell it what to do. One that has just died does not hear it."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"do": do, **words}).encode() + b"\n")
            self.process.stdin.flush()

    def hear(self, until_moment: float) -> bool:
        """Take in what it says next; False at that monotonic moment, or at its end."""
        assert self.process.stdout is not None
        left = until_moment - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.said += [json.loads(line) for line in lines]
        return bool(data)

    def wait(
        self, true: Callable[[dict[str, Any]], bool], seconds: float = 60.0, count: int = 1
    ) -> dict[str, Any] | None:
        """The first (or ``count``-th) thing said from the beginning on that is so, or None when it ended before."""
        limit = time.monotonic() + seconds
        while True:
            found = [words for words in self.said if true(words)]
            if len(found) >= count:
                return found[count - 1]
            heard = len(self.said)
            if not self.hear(limit) and heard == len(self.said):
                if time.monotonic() < limit:
                    return None
                raise AssertionError(f"the terminal said nothing of the kind in {seconds:g} s; it said {self.said}")

    def forget(self) -> None:
        """Only what is said from now on counts."""
        self.said.clear()

    @property
    def pages(self) -> list[str]:
        return [words["page"] for words in self.said if "page" in words]

    def kill(self) -> None:
        """As a power cut ends it. What it had said until then is taken in."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        while self.hear(time.monotonic() + 30):
            pass
        self._close()

    def stop(self) -> int:
        """In good order; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            return self.process.wait(40)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._close()

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):  # an order that nobody was there to hear
                    pipe.close()


def look(folder: Path) -> tuple[VerifyReport, list[CaseRow], list[str]]:
    """The journal on disk, read beside whoever has it open: its verification, its cases, its acknowledged ids."""
    journal = folder / "data" / "journal"
    with reading.reading(journal, load_or_create_key(journal)) as connection:
        acknowledged = [
            row[0] for row in connection.execute("SELECT item FROM audit WHERE event = 'item.acknowledged'")
        ]
        return reading.verify(connection), reading.cases(connection), acknowledged


def unsent(folder: Path) -> int:
    """Items of both kinds that the backend has not acknowledged."""
    journal = folder / "data" / "journal"
    with reading.reading(journal, load_or_create_key(journal)) as connection:
        return int(connection.execute("SELECT count(*) FROM outbox WHERE state <> 'acknowledged'").fetchone()[0])


def remembered(folder: Path) -> int:
    """Of how many cards answers are kept for a later visit."""
    journal = folder / "data" / "journal"
    with reading.reading(journal, load_or_create_key(journal)) as connection:
        return int(connection.execute("SELECT count(*) FROM answers").fetchone()[0])
