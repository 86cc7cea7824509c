"""The UPS driver against NUT itself: upsd and its dummy driver on loopback; and NUT's own client against our twin."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.actor import Spec
from devices.contracts.deadline import Deadline
from devices.contracts.device import State, Status
from devices.contracts.ups import Battery, Power, Replacement, Supply
from devices.drivers.nut.driver import NutUps
from devices.manager import Manager
from devices.simulators.nut import NutTwin

LIB = Path("/lib/nut")
UPSC = Path("/bin/upsc")
MAXAGE = 3  # seconds after which upsd calls a silent driver stale; its default is 15
TOLD = 2.0  # seconds within which a change that upsd tells is seen here
BACK = 5.0  # seconds within which a daemon that is back is used again

pytestmark = pytest.mark.skipif(
    not (LIB / "upsd").exists() or not (LIB / "dummy-ups").exists(), reason="needs the Debian package nut-server"
)


def soon() -> Deadline:
    return Deadline.after(5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


class Nut:
    """upsd and one dummy UPS called ``kiosk``; everything they write is under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.number = free_port()
        self.port = f"tcp://127.0.0.1:{self.number}"
        self.folder = folder
        self._conf, state = folder / "conf", folder / "state"
        for made in (self._conf, state):
            made.mkdir(mode=0o700)
        self._environment = {**os.environ, "NUT_CONFPATH": str(self._conf), "NUT_STATEPATH": str(state)}
        self._write("ups.conf", "[kiosk]\ndriver = dummy-ups\nport = kiosk.dev\nmode = dummy-loop\npollinterval = 1\n")
        self._write("upsd.conf", f"LISTEN 127.0.0.1 {self.number}\nMAXAGE {MAXAGE}\n")
        self._write("upsd.users", "")
        self.say("OL")
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def say(self, status: str, charge: int = 90, runtime: int = 1_200) -> None:
        """What the UPS says from now on. The driver reads the file again when it has changed."""
        lines = [f"ups.status: {status}", f"battery.charge: {charge}", f"battery.runtime: {runtime}"]
        lines += ["device.mfr: Dummy", "device.model: Dummy UPS", "device.serial: 724", ""]
        self._write("kiosk.dev.new", "\n".join(lines))
        os.replace(self._conf / "kiosk.dev.new", self._conf / "kiosk.dev")

    def _write(self, name: str, text: str) -> None:
        (self._conf / name).write_text(text)
        (self._conf / name).chmod(0o600)

    def start(self, *names: str) -> None:
        arguments = {
            "driver": [str(LIB / "dummy-ups"), "-a", "kiosk", "-u", "root", "-F"],
            "upsd": [str(LIB / "upsd"), "-F", "-u", "root"],
        }
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self._children[name] = subprocess.Popen(
                    arguments[name], env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )

    def send(self, name: str, number: signal.Signals) -> None:
        self._children[name].send_signal(number)

    def kill(self, name: str) -> None:
        self._children[name].kill()
        self._children[name].wait()

    def close(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.terminate()
                try:
                    child.wait(3)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


class Watched:
    """The driver under the manager, as in the terminal; waits for a status and says how long that took."""

    def __init__(self, port: str) -> None:
        self._changed = threading.Condition()
        self._manager = Manager([Spec("ups", NutUps(port, "kiosk"), poll_interval=0.2)])
        self._manager["ups"].subscribe(self._told)
        self._manager.start()

    def _told(self, status: Status) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, wanted: Callable[[Status], bool], seconds: float) -> float:
        start = time.monotonic()
        with self._changed:
            seen = self._changed.wait_for(lambda: wanted(self._manager["ups"].status), timeout=seconds)
        assert seen, f"after {seconds} s it is {self._manager['ups'].status}"
        return time.monotonic() - start

    def stop(self) -> None:
        self._manager.stop()


def codes(*wanted: str) -> Callable[[Status], bool]:
    return lambda status: tuple(fault.code for fault in status.faults) == wanted


def well(status: Status) -> bool:
    return status.state is State.ONLINE and status.usable and not status.faults


@pytest.fixture(scope="module")
def nut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nut]:
    nut = Nut(tmp_path_factory.mktemp("nut"))
    nut.start("driver", "upsd")
    yield nut
    nut.close()


@pytest.fixture(scope="module")
def watched(nut: Nut) -> Iterator[Watched]:
    watched = Watched(nut.port)
    watched.until(well, 15)  # the dummy driver says WAIT for its first seconds, which is not well
    yield watched
    watched.stop()


def test_the_mains_go_and_the_battery_runs_down(nut: Nut, watched: Watched) -> None:
    nut.say("OB DISCHRG", 70, 900)
    watched.until(codes("on-battery"), TOLD + 1)  # the dummy driver looks at its file once a second
    nut.say("OB DISCHRG LB", 7, 60)
    watched.until(codes("battery-low", "on-battery"), TOLD + 1)
    ups = NutUps(nut.port, "kiosk")
    ups.open(soon())
    assert ups.power(soon()) == Power(Supply.ON_BATTERY, Battery.LOW, Replacement.NOT_NEEDED, 7, 60)
    assert (ups.info.vendor, ups.info.model, ups.info.serial) == ("Dummy", "Dummy UPS", "724")
    ups.close()
    nut.say("OL RB")
    watched.until(codes("battery-replace"), TOLD + 1)
    nut.say("OL")
    watched.until(well, TOLD + 1)


def test_a_driver_that_freezes_is_stale_and_the_ups_unknown(nut: Nut, watched: Watched) -> None:
    nut.send("driver", signal.SIGSTOP)
    watched.until(codes("data-stale"), MAXAGE + TOLD)
    watched.until(lambda status: status.state is State.UNKNOWN and not status.usable, 0.1)
    nut.send("driver", signal.SIGCONT)
    watched.until(well, 5)


def test_a_daemon_that_is_gone_is_seen_and_used_again_when_it_is_back(nut: Nut, watched: Watched) -> None:
    nut.kill("upsd")
    watched.until(lambda status: not status.usable and status.state is State.NO_DEVICE, TOLD)
    nut.start("upsd")
    watched.until(well, BACK)


def test_a_driver_that_dies_makes_the_ups_unknown(nut: Nut, watched: Watched) -> None:
    nut.kill("driver")
    try:
        watched.until(codes("driver-not-connected"), TOLD)
        watched.until(lambda status: status.state is State.UNKNOWN and not status.usable, 0.1)
    finally:
        nut.start("driver")


@pytest.mark.skipif(not UPSC.exists(), reason="needs the Debian package nut-client")
class TestForeignClient:
    """NUT's own client, upsc, asks our twin what our driver asks upsd."""

    @pytest.fixture
    def twin(self) -> Iterator[NutTwin]:
        twin = NutTwin("ups", model='Twin "1000" \\ x')
        twin.start()
        yield twin
        twin.stop()

    def upsc(self, twin: NutTwin, *variable: str, ups: str = "kiosk") -> tuple[int, str]:
        where = f"{ups}@{twin.port.removeprefix('tcp://')}"
        done = subprocess.run([str(UPSC), where, *variable], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout + done.stderr

    def test_it_reads_every_variable(self, twin: NutTwin) -> None:
        twin.act("low", {})
        status, said = self.upsc(twin)
        told = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
        assert status == 0
        assert (told["ups.status"], told["battery.charge"]) == ("OB DISCHRG LB", "8")
        assert told["device.model"] == 'Twin "1000" \\ x'
        ups = NutUps(twin.port, "kiosk")
        ups.open(soon())
        assert ups.info.model == 'Twin "1000" \\ x'
        ups.close()

    def test_it_reads_one_variable(self, twin: NutTwin) -> None:
        assert self.upsc(twin, "ups.status")[1].splitlines()[0] == "OL CHRG"

    @pytest.mark.parametrize(("action", "says"), [("stale", "Data stale"), ("no-driver", "Driver not connected")])
    def test_it_understands_that_the_ups_is_lost(self, twin: NutTwin, action: str, says: str) -> None:
        twin.act(action, {})
        status, said = self.upsc(twin)
        assert status != 0
        assert says in said

    def test_it_understands_that_there_is_no_such_ups(self, twin: NutTwin) -> None:
        assert "Unknown UPS" in self.upsc(twin, ups="cellar")[1]
