"""A real IPP Everywhere printer (Debian's ippeveprinter) in a room of its own. Standard library only.

    python tests/wire/ippeve_room.py FOLDER

Starts dbus-daemon, avahi-daemon and ippeveprinter in their own network, mount and process namespaces where the
machine allows it, else on loopback; hands connections in from a free port on 127.0.0.1. Prints one JSON line when the
printer answers: {"port": N}, or {"missing": "why"} and ends. Reads commands from stdin: ``kill`` ends the printer
as a power cut would; end of input ends everything.

In FOLDER: spool/ what was printed, fault.sh a shell snippet that the job command runs for every job, log.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

TOOLS = {"ippeveprinter": "cups-ipp-utils", "avahi-daemon": "avahi-daemon", "dbus-daemon": "dbus"}
INNER_PORT = 8631
DBUS = """<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_type="method_return"/><allow send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="signal"/><allow receive_type="method_return"/>
<allow receive_type="error"/></policy></busconfig>"""
AVAHI = "[server]\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\n[wide-area]\nenable-wide-area=no\n"
JOB = '#!/bin/sh\ndir="{folder}"\n[ -f "$dir/fault.sh" ] && . "$dir/fault.sh"\nexit 0\n'


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def path_with_sbin() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def namespaces() -> list[str]:
    """The command that makes a room, or nothing where this machine allows none (a plain container)."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
    allowed = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


def outer(folder: Path) -> None:
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool, path=path_with_sbin())]
    if missing:
        say(missing=f"needs the Debian packages {', '.join(missing)}")
        return
    if os.geteuid() != 0:
        say(missing="needs root: avahi-daemon runs as its own user")
        return
    room = namespaces()
    door = socket.create_server(("127.0.0.1", 0))
    os.set_inheritable(door.fileno(), True)
    kind = "room" if room else "plain"
    command = [*room, sys.executable, __file__, str(folder), kind, str(door.fileno())]
    os.execvpe(command[0], command, {**os.environ, "PATH": path_with_sbin()})


def loopback_up() -> None:
    """SIOCSIFFLAGS with IFF_UP on lo (no iproute2 needed)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))


class Room:
    def __init__(self, folder: Path, private: bool, door: socket.socket) -> None:
        self.folder, self.private, self.door = folder, private, door
        self.children: list[subprocess.Popen[str]] = []
        self.log = (folder / "log").open("a")
        self.number = INNER_PORT if private else free_port()
        self.printer: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self.private:
            loopback_up()
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        Path("/run/avahi-daemon").mkdir(exist_ok=True)
        bus = self.folder / "bus" if not self.private else Path("/run/bus")
        (self.folder / "dbus.conf").write_text(DBUS.format(path=bus))
        (self.folder / "avahi.conf").write_text(AVAHI)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={bus}"
        dbus = self.spawn(
            "dbus-daemon", f"--config-file={self.folder}/dbus.conf", "--nofork", "--nopidfile", "--print-address"
        )
        self.wait_for(dbus.stdout, "unix:")
        avahi = self.spawn(
            "avahi-daemon", "-f", f"{self.folder}/avahi.conf", "--no-rlimits", "--no-chroot", "--no-drop-root"
        )
        self.wait_for(avahi.stdout, "Server startup complete")
        job = self.folder / "jobcmd.sh"
        job.write_text(JOB.format(folder=self.folder))
        job.chmod(0o755)
        spool = self.folder / "spool"
        spool.mkdir(exist_ok=True)
        self.printer = self.spawn(
            "ippeveprinter", "-p", str(self.number), "-n", "localhost", "-d", str(spool), "-k", "-f", "application/pdf",
            "-c", str(job), "-M", "Kiosk", "-m", "Laser A4", "-v", "KioskLaser",
        )  # fmt: skip
        threading.Thread(target=self.copy, args=(self.printer.stdout,), daemon=True).start()
        self.connect(10.0).close()
        threading.Thread(target=self.accept, daemon=True).start()

    def spawn(self, *command: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a printer that was killed leaves its job command behind
        )
        self.children.append(child)
        return child

    def wait_for(self, lines: IO[str] | None, sign: str) -> None:
        assert lines is not None
        for line in lines:
            self.log.write(line)
            if sign in line:
                threading.Thread(target=self.copy, args=(lines,), daemon=True).start()
                return
        raise RuntimeError(f"ended before it said {sign!r}; see {self.folder}/log")

    def copy(self, lines: IO[str]) -> None:
        for line in lines:
            self.log.write(line)
            self.log.flush()

    def connect(self, seconds: float) -> socket.socket:
        end = time.monotonic() + seconds
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.number), timeout=5)
            except OSError:
                if time.monotonic() > end or (self.printer and self.printer.poll() is not None):
                    raise
                time.sleep(0.02)

    def accept(self) -> None:
        while True:
            try:
                near, _ = self.door.accept()
            except OSError:
                return
            try:
                far = self.connect(0.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=pump, args=(source, target), daemon=True).start()

    def kill(self) -> None:
        if self.printer:
            self.door.shutdown(socket.SHUT_RDWR)
            self.door.close()
            self.printer.send_signal(signal.SIGKILL)
            self.printer.wait()

    def end(self) -> None:
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
        return
    for end in (source, target):  # a break on one side is a break on the other
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def inner(folder: Path, private: bool, door: socket.socket) -> None:
    room = Room(folder, private, door)
    outside = int(door.getsockname()[1])
    try:
        room.start()
        say(port=outside)
        for line in sys.stdin:
            if line.strip() == "kill":
                room.kill()
                say(killed=True)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        say(missing=f"it does not start: {error}")
    finally:
        room.end()


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    if len(sys.argv) == 2:
        outer(where)
    else:
        inner(where, sys.argv[2] == "room", socket.socket(fileno=int(sys.argv[3])))
