"""A private cupsd: Debian's own, in a folder of its own, on a Unix socket only, with queues of our making.

No port is opened, nothing is announced, nothing of the machine's own CUPS is read or touched. The PDF goes through as
it is, by the driver's passthrough.ppd: no cups-filters are needed. Needs Debian's ``cups-daemon`` and root, for cupsd
gives its spool to the user ``lp``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from devices.transports.program import spawner, tethered

SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
READY = 10.0  # seconds a cupsd may take to answer
CUPSD_CONF = """LogLevel warn
MaxLogSize 0
Listen {folder}/s
Browsing Off
WebInterface No
DefaultAuthType None
ErrorPolicy retry-job
JobRetryInterval 2
JobRetryLimit 0
PreserveJobFiles No
DirtyCleanInterval 0
<Location />
  Order allow,deny
  Allow all
</Location>
{policy}
"""
FILES_CONF = """ServerRoot {folder}/etc
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/tmp
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
SystemGroup root
FileDevice Yes
User lp
Group lp
"""
QUEUE = """<Printer {name}>
Info {name}
DeviceURI {uri}
State Idle
Accepting Yes
ErrorPolicy retry-job
</Printer>
"""


def missing() -> str:
    """Why no cupsd can be started here; empty when one can."""
    if shutil.which("cupsd", path=SEARCH) is None:
        return "needs the Debian package cups-daemon"
    if shutil.which("cupsdisable", path=SEARCH) is None:
        return "needs the Debian package cups-client"
    return "" if os.geteuid() == 0 else "needs root: cupsd gives its spool to the user lp"


class CupsDaemon:
    """``queues``: name -> device URI. ``policy`` is added to cupsd.conf. ``ppd`` False makes raw queues."""

    def __init__(self, queues: Mapping[str, str], *, policy: str = "", ppd: bool = True) -> None:
        self._queues, self._policy, self._ppd = dict(queues), policy, ppd
        self.folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._orphans: set[int] = set()

    @property
    def socket(self) -> str:
        return str(self.folder / "s")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def spooled(self) -> list[str]:
        """Documents that lie in the spool: file names of cupsd's own making."""
        return sorted(path.name for path in (self.folder / "spool").glob("d*"))

    def port(self, queue: str) -> str:
        return f"cups://{self.socket}#{queue}"

    def start(self) -> None:
        """Make the folder the first time, then start cupsd and wait until it answers. Raises RuntimeError."""
        if self.running:
            return
        if why := missing():
            raise RuntimeError(why)
        if not self.folder.name:
            self._furnish()
        command = [str(shutil.which("cupsd", path=SEARCH)), "-f", "-c", f"{self.folder}/etc/cupsd.conf"]
        command += ["-s", f"{self.folder}/etc/cups-files.conf"]
        self._process = spawner().submit(self._spawn, tethered(command)).result()  # it dies with this process
        self._await_answer()

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log" / "out").open("ab") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def stop(self) -> None:
        """End cupsd and whatever it left behind, and remove the folder with all that was spooled."""
        self.kill()
        for pid in self._orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._orphans.clear()
        if self.folder.name:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = Path()

    def kill(self) -> None:
        """End it as ``kill -9`` would: the spool stays, its backends live on until ``stop``."""
        process, self._process = self._process, None
        if process is None:
            return
        self._orphans |= _children(process.pid)
        process.kill()
        process.wait()
        (self.folder / "s").unlink(missing_ok=True)

    def freeze(self) -> None:
        """It accepts connections (the kernel does) and says nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def command(self, *words: str) -> None:
        """One of cups-client's administrator commands (``cupsdisable QUEUE``)."""
        program = str(shutil.which(words[0], path=SEARCH))
        environment = {**os.environ, "CUPS_SERVER": self.socket}
        subprocess.run([program, *words[1:]], env=environment, check=True, capture_output=True, timeout=20)

    def _furnish(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cupsd-"))  # a short path: a socket's name has 107 bytes
        self.folder.chmod(0o711)
        for name in ("etc/ppd", "spool", "cache", "state", "log"):
            (self.folder / name).mkdir(parents=True)
        spool = self.folder / "tmp"
        spool.mkdir()
        shutil.chown(spool, "root", "lp")
        spool.chmod(0o1770)
        etc = self.folder / "etc"
        (etc / "cupsd.conf").write_text(CUPSD_CONF.format(folder=self.folder, policy=self._policy))
        (etc / "cups-files.conf").write_text(FILES_CONF.format(folder=self.folder))
        lines = [QUEUE.format(name=name, uri=uri) for name, uri in self._queues.items()]
        (etc / "printers.conf").write_text("".join(lines))
        if self._ppd:
            ppd = files("devices.drivers.cups").joinpath("passthrough.ppd").read_bytes()
            for name in self._queues:
                (etc / "ppd" / f"{name}.ppd").write_bytes(ppd)

    def _await_answer(self) -> None:
        end, tick = time.monotonic() + READY, threading.Event()
        while True:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(1.0)
                try:
                    line.connect(self.socket)
                    line.sendall(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    if line.recv(16).startswith(b"HTTP/1."):
                        return
                except OSError:
                    pass  # not yet
            if not self.running or time.monotonic() > end:
                said = (self.folder / "log" / "out").read_text(errors="replace")[-300:]
                self.stop()
                raise RuntimeError(f"cupsd does not start: {said}")
            tick.wait(0.01)


def _children(pid: int) -> set[int]:
    """Process ids below one, told by the kernel."""
    try:
        below = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()
    return below.union(*(_children(child) for child in below)) if below else below
