"""A whole cabinet under its manager, as a profile makes it: what is pulled is seen in time, what returns is used.

Every device at once, with the heartbeats of a terminal: unplugged and seen within two seconds, back and usable within
five, mute and never called well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.device import State, Status
from devices.manager import Manager
from devices.simulators.cabinet import make_twin
from devices.simulators.twin import Twin
from kiosk.cabinet import specs
from kiosk.profile import load, parse
from tests.patience import kept

SEEN, BACK = 2.0, 5.0  # seconds
START = 20.0
BOARD = {"doors": {"upper": {"input": 0}}, "lights": {"reader": {"coil": 0}}}
LOCKER = {"unit": 2, "boxes": {"A1": {"lock": {"coil": 0}, "door": {"input": 0}}}}
ASK = {"ask": "16520d", "answer": "06"}

TWINS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "id_reader": ("sdt", {}),
    "page_printer": ("ipp", {}),
    "receipt_printer": ("escpos", {"transport": "tcp"}),
    "camera": ("camera", {}),
    "sensors": ("modbus", {"board": BOARD, "locker": LOCKER}),
    "code_scanner": ("scanner", ASK),
    "ups": ("nut", {}),
    "lights": ("xfs4iot", {"service": "Lights1"}),
}
PROFILE: Mapping[str, dict[str, Any]] = {
    "id_reader": {"driver": "sdt"},
    "page_printer": {"driver": "ipp"},
    "receipt_printer": {"driver": "escpos"},
    "camera": {"driver": "camera"},
    "sensors": {"driver": "modbus_io", "map": BOARD},
    "locker": {"driver": "locker", "on": "sensors", "map": LOCKER},
    "code_scanner": {"driver": "code_scanner", **ASK},
    "ups": {"driver": "nut", "ups": "kiosk"},
    "lights": {"driver": "xfs4iot"},
}
PULL = dict.fromkeys(("id_reader", "receipt_printer", "sensors", "code_scanner", "lights"), "unplug")
RETURN = {
    "id_reader": "replug",
    "receipt_printer": "plug",
    "sensors": "replug",
    "code_scanner": "replug",
    "lights": "plug",
}
OUT_OF_PAPER = frozenset({"media-empty", "media-low", "paper-out"})


class Room:
    """The twins, the manager before them, and a clock on every change of status."""

    def __init__(self, folder: Path) -> None:
        self.twins: dict[str, Twin] = {name: make_twin(name, kind, options) for name, (kind, options) in TWINS.items()}
        for twin in self.twins.values():
            twin.start()
        example = load(Path(__file__).parents[2] / "deploy" / "profiles" / "example.toml")
        devices = {
            name: {**entry, **({} if "on" in entry else {"port": self.twins[name].port})}
            for name, entry in PROFILE.items()
        }
        self.profile = parse(
            {
                "terminal": {
                    "area_code": example.place.area_code, "province": "山西省", "city": "大同市", "district": "平城区",
                    "street": "南关街道", "name": "3 号机", "registrar": "审批局",
                },
                "data": {"folder": str(folder)},
                "backend": {"url": "http://127.0.0.1:1"},
                "devices": devices,
            },
            folder,
        )  # fmt: skip
        self.manager = Manager(specs(self.profile))
        self.changed = threading.Condition()
        self.seen: dict[str, list[tuple[float, Status]]] = {name: [] for name in self.manager}
        for name in self.manager:
            self.manager[name].subscribe(self._ear(name))
        self.manager.start()

    def _ear(self, name: str) -> Callable[[Status], None]:
        def hear(status: Status) -> None:
            with self.changed:
                self.seen[name].append((time.monotonic(), status))
                self.changed.notify_all()

        return hear

    def until(self, name: str, true: Callable[[Status], bool], since: float, limit: float) -> float:
        """Seconds from ``since`` to the first status for which it holds; ``limit`` where there was none."""

        def when() -> float | None:
            return next((at for at, status in self.seen[name] if at >= since and true(status)), None)

        with self.changed:
            self.changed.wait_for(lambda: when() is not None, max(0.0, since + limit - time.monotonic()))
            found = when()
        return limit if found is None else found - since

    def well(self) -> None:
        for name in self.manager:
            took = self.until(name, lambda status: status.usable, 0.0, time.monotonic() + START)
            assert took < time.monotonic() + START, (name, self.manager[name].status)

    def act(self, actions: Mapping[str, str], usual: str) -> None:
        for name, twin in self.twins.items():
            twin.act(actions.get(name, usual), {})

    def stop(self) -> None:
        self.manager.stop()
        for twin in self.twins.values():
            twin.stop()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.stop()


def test_whatever_is_pulled_is_seen_and_whatever_returns_is_used(room: Room) -> None:
    room.well()
    threads = threading.active_count()
    pulled = time.monotonic()
    room.act(PULL, "gone")
    names = list(room.manager)
    seen = {name: room.until(name, lambda status: not status.usable, pulled, 4 * SEEN) for name in names}
    assert kept(seen.values(), SEEN), seen
    for name in names:
        assert room.manager[name].status.state not in (State.ONLINE, State.DEVICE_BUSY), name
        assert all(
            "paper" not in fault.code and "media" not in fault.code for fault in room.manager[name].status.faults
        )
    returned = time.monotonic()
    room.act(RETURN, "ok")
    back = {name: room.until(name, lambda status: status.usable, returned, 4 * BACK) for name in names}
    assert kept(back.values(), BACK), back
    print("seen", {name: round(value, 2) for name, value in seen.items()})
    print("back", {name: round(value, 2) for name, value in back.items()})
    assert threading.active_count() <= threads + 2, [thread.name for thread in threading.enumerate()]


MUTE = {"id_reader": "silent", "page_printer": "mute", "receipt_printer": "mute", "sensors": "dead",
        "code_scanner": "mute", "ups": "mute", "lights": "mute"}  # fmt: skip


def test_a_device_that_falls_silent_is_unknown_and_never_well_nor_out_of_paper(room: Room) -> None:
    room.well()
    silent = time.monotonic()
    room.act(MUTE, "ok")
    names = [name for name in room.manager if name != "camera"]  # at rest nobody asks it anything
    limit = 12.0  # the heartbeat's own time and its deadline
    heard = {name: room.until(name, lambda status: not status.usable, silent, limit) for name in names}
    assert max(heard.values()) < limit, heard
    for name in names:
        status = room.manager[name].status
        assert status.state in (State.UNKNOWN, State.OFFLINE, State.NO_DEVICE), (name, status)
        assert not OUT_OF_PAPER & {fault.code for fault in status.faults}
    print("silent", {name: round(value, 2) for name, value in heard.items()})
    returned = time.monotonic()
    room.act({}, "ok")
    back = {name: room.until(name, lambda status: status.usable, returned, 4 * BACK) for name in names}
    assert max(back.values()) < 4 * BACK, back
