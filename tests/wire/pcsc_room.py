"""A real pcscd with virtual readers (Debian's pcscd and vsmartcard-vpcd) in a room of its own, for any test.

    from tests.wire.pcsc_room import PcscRoom

    with PcscRoom(tmp_path) as room:                       # skips the test where a package is missing
        room.insert("devices.simulators.applets.social_security:v2")
        PcscSlot(room.readers[0]) …                        # this process reaches that pcscd, and no other
        room.act("pull-at-apdu", n=3)                      # any action of devices.simulators.card
        room.kill(); room.start()                          # pcscd, as a crash and its restart
        room.freeze(); room.thaw()                         # pcscd that hangs
        room.kill(); room.start(readers=[])                # a pcscd without any reader

pcscd and the cards run in namespaces (network, mounts, processes), because vpcd listens on every address; its Unix
socket stands in FOLDER and is reached from outside. libpcsclite reads the socket's name once per process
(PCSCLITE_CSOCK_NAME), so it is given a link that always points at the newest room: one room at a time. Child
processes find the same room by their environment.

As a script (python tests/wire/pcsc_room.py FOLDER) it is the room itself: JSON lines in, JSON lines out.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
FIRST_PORT = 0x8C7B
VIRTUAL = "Virtual PCD"
CONFIG = 'FRIENDLYNAME "{name}"\nDEVICENAME   /dev/null:0x{port:X}\nLIBPATH      {driver}\nCHANNELID    0x{port:X}\n'
PATIENCE = 10.0


# ---- in the test's process -------------------------------------------------------------------------------------------


@cache
def door() -> Path:
    """The link by which this process and its children reach the newest pcscd. Made before libpcsclite is used."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-pcsc-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PCSCLITE_CSOCK_NAME"] = str(folder / "pcscd.comm")
    return folder / "pcscd.comm"


class PcscRoom:
    """The room, as a test sees it. Every command returns once it has been done."""

    def __init__(self, folder: Path, readers: tuple[str, ...] = (VIRTUAL,)) -> None:
        self._folder = folder
        self._names = readers
        self._process: subprocess.Popen[str] | None = None
        self.readers: list[str] = []

    def __enter__(self) -> PcscRoom:
        import pytest

        if missing := lacking():
            pytest.skip(missing)
        link = door()
        link.unlink(missing_ok=True)
        link.symlink_to(self._folder / "run" / "pcscd.comm")
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path_with_sbin()},
        )
        try:
            self.start(self._names)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]  # a pipe, see above
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()  # type: ignore[union-attr]
        door().unlink(missing_ok=True)

    def start(self, readers: tuple[str, ...] | list[str] | None = None) -> None:
        """Start pcscd where it does not run with these readers (two slots each), or those it had.

        The cards lie in the slots of the first reader (0, 1), the second (2, 3) …
        """
        if readers is not None:
            self._names = tuple(readers)
        self.readers = self._ask(do="start", readers=list(self._names))["readers"]

    def kill(self) -> None:
        """End pcscd as a crash would (SIGKILL). The cards stay in their slots."""
        self._ask(do="kill")

    def freeze(self) -> None:
        """pcscd hangs (SIGSTOP)."""
        self._ask(do="freeze")

    def thaw(self) -> None:
        self._ask(do="thaw")

    def insert(self, applet: str, slot: int = 0, **options: Any) -> dict[str, Any]:
        """Put in a card that ``module:callable`` makes, in place of the one there. Returns the twin's state."""
        return dict(self._ask(do="insert", slot=slot, applet=applet, options=options)["state"])

    def act(self, action: str, slot: int = 0, **arguments: Any) -> dict[str, Any]:
        """``pull``, ``insert`` (the same card again), ``pull-at-apdu`` n=, ``mute``, ``slow``, … of SimulatedCard."""
        return dict(self._ask(do="act", slot=slot, action=action, arguments=arguments)["state"])

    def has_card(self, slot: int = 0) -> bool:
        """Whether a card has ever been put into this slot (it may have been pulled since)."""
        return slot in self._ask(do="state")["slots"]

    def pull(self, slot: int = 0) -> None:
        self.act("pull", slot)

    def log(self) -> str:
        """What pcscd has written."""
        return (self._folder / "pcscd.log").read_text(encoding="utf-8", errors="replace")

    def _ask(self, **request: Any) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the room is closed")
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], 2 * PATIENCE)[0]:
            raise RuntimeError(f"the room does not answer {request}")
        line = process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the room has ended"}
        if "error" in answer:
            raise RuntimeError(f"{request}: {answer['error']}")
        return answer


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait for what another process brings about; False where it did not come."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def lacking() -> str:
    """Why there can be no room on this machine; empty where there can."""
    if not shutil.which("pcscd", path=path_with_sbin()) or not Path(DRIVER).exists():
        return "needs the Debian packages pcscd and vsmartcard-vpcd"
    try:
        __import__("smartcard.scard")
    except ImportError:
        return "needs pyscard (the extra 'pcsc')"
    if os.geteuid() != 0:
        return "needs root: pcscd's folder is mounted anew in a namespace"
    command = [*NAMESPACES, "true"]
    allowed = shutil.which("unshare") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    return "" if allowed else "this machine allows no namespaces, and vpcd would listen on every address"


def path_with_sbin() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


# ---- in the room -----------------------------------------------------------------------------------------------------


class Inside:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pcscd: subprocess.Popen[bytes] | None = None
        self.cards: dict[int, Any] = {}
        self.names: list[str] = []

    def furnish(self) -> None:
        """Loopback up, and /run/pcscd of this room alone, at the same time a folder that is seen from outside."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS, IFF_UP
        run = self.folder / "run"
        run.mkdir(exist_ok=True)
        run.chmod(0o755)
        for command in (("mount", "-t", "tmpfs", "tmpfs", "/run"), ("mkdir", "/run/pcscd")):
            subprocess.run(command, check=True)
        subprocess.run(["mount", "--bind", str(run), "/run/pcscd"], check=True)

    def obey(self, request: dict[str, Any]) -> dict[str, Any]:
        do = request["do"]
        if do == "start":
            return self.start(request["readers"])
        if do == "kill":
            self.kill()
        elif do == "freeze" and self.pcscd is not None:
            self.pcscd.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self.pcscd.pid, os.WSTOPPED)  # the signal is on its way: the last thread stops later
        elif do == "thaw" and self.pcscd is not None:
            self.pcscd.send_signal(signal.SIGCONT)
        elif do == "insert":
            twin = self.card(request["slot"], request["applet"], request["options"])
            return {"state": twin.state()}
        elif do == "act":
            twin = self.cards[request["slot"]]
            twin.act(request["action"], request["arguments"])
            return {"state": twin.state()}
        return {"done": do, "slots": list(self.cards)}

    def start(self, names: list[str]) -> dict[str, Any]:
        slots = [f"{name} {names[:at].count(name):02X} {slot:02X}" for at, name in enumerate(names) for slot in (0, 1)]
        if self.pcscd is not None and self.pcscd.poll() is None:
            if names == self.names:
                return {"readers": slots}
            self.kill()
        self.names = names
        config = self.folder / "reader.conf"
        config.write_text(
            "\n".join(
                CONFIG.format(name=name, port=FIRST_PORT + 2 * index, driver=DRIVER) for index, name in enumerate(names)
            )
        )
        for left in ("pcscd.pid", "pcscd.comm"):
            Path("/run/pcscd", left).unlink(missing_ok=True)
        with (self.folder / "pcscd.log").open("ab") as log:
            self.pcscd = subprocess.Popen(
                ["pcscd", "--foreground", "--config", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > end or self.pcscd.poll() is not None:
                return {"error": f"pcscd does not start; see {self.folder}/pcscd.log"}
            time.sleep(0.01)
        return {"readers": slots}

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as sock:
            return sock.connect_ex("/run/pcscd/pcscd.comm") == 0

    def kill(self) -> None:
        if self.pcscd is not None:
            self.pcscd.kill()
            self.pcscd.wait()

    def card(self, slot: int, applet: str, options: dict[str, Any]) -> Any:
        from devices.simulators.vpcd import VpcdTwin

        twin = self.cards.get(slot)
        if twin is None:
            twin = VpcdTwin(f"card-{slot}", applet=applet, options=options, number=FIRST_PORT + slot)
            twin.start()
            self.cards[slot] = twin
        else:
            twin.act("insert", {"applet": applet, "options": options})
        return twin

    def close(self) -> None:
        for twin in self.cards.values():
            twin.stop()
        self.kill()


def inside(folder: Path) -> None:
    room = Inside(folder)
    try:
        room.furnish()
        for line in sys.stdin:
            try:
                answer = room.obey(json.loads(line))
            except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
    finally:
        room.close()


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    if len(sys.argv) == 2:
        command = [*NAMESPACES, sys.executable, __file__, str(where), "inside"]
        os.execvpe(command[0], command, dict(os.environ))
    inside(where)
