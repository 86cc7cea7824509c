"""A terminal as the report room sees it: a real journal, devices that answer at once, a stick in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceInfo, Fault, State, Status
from devices.contracts.printing import Printed, PrintOutcome
from kiosk import wire
from kiosk.domain.beijing import CHINA
from kiosk.domain.place import Place
from kiosk.domain.text import Text
from kiosk.health.proofs import Proof
from kiosk.health.readiness import good
from kiosk.journal.journal import Journal
from kiosk.maintenance.report_room import ReportRoom
from kiosk.papers.mark import marked
from kiosk.profile import DeviceProfile, Profile

NOW = datetime(2026, 11, 27, 3, 12, 5, tzinfo=CHINA)
PLACE = Place(
    "140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000",
    "https://office.example/p/progress",
)  # fmt: skip
TERMINAL = "T-140213-0001"


def speak(key: str, values: Any) -> str:
    """As ui.words.word says it in Chinese, without Qt."""
    room = key.split(".")[1]
    words = json.loads(Path(f"ui/i18n/maintenance/{room}.zh_CN.json").read_text("utf-8"))
    if key not in words:
        key = ".".join([*key.split(".")[:-1], "other"])
    return str(words[key]).format(*values)


@dataclass
class Device:
    """A printer that prints, and every other device that has a name."""

    info: DeviceInfo
    outcome: PrintOutcome = field(default_factory=lambda: Printed(1))
    printed: list[bytes] = field(default_factory=list)

    def statistics(self) -> dict[str, int]:
        return {"jobs": len(self.printed)}

    def print_pdf(self, pdf: bytes, **_: object) -> PrintOutcome:
        self.printed.append(pdf)
        return self.outcome

    def print_raster(self, raster: Any, **_: object) -> PrintOutcome:
        self.printed.append(raster.rows)
        return self.outcome


class Actor:
    def __init__(self, device: Any) -> None:
        self.device = device

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(command(self.device, Deadline.after(timeout)))
        except Exception as error:
            future.set_exception(error)
        return future


class Desk:
    """Does work at once."""

    def __init__(self) -> None:
        self.audited: list[tuple[str, dict[str, str | int]]] = []
        self.opened: list[str] = []
        self.changes = 0

    def changed(self) -> None:
        self.changes += 1

    def work(self, job: Callable[[], None]) -> None:
        job()

    def open(self, path: str) -> None:
        self.opened.append(path)

    def leave(self) -> None: ...

    def audit(self, event: str, **details: str | int) -> None:
        self.audited.append((event, details))


class Drawing:
    """The documents worker without its process."""

    def render(self, content: Any, deadline_s: float) -> Any:
        from kiosk.documents.render import render

        return render(content)


def world(folder: Path, the_stick: Callable[[], Any]) -> SimpleNamespace:
    """``room`` bound to ``desk``; ``journal``, ``devices``, ``private`` and ``public``, the terminal's own key."""
    private, public = wire.new_signing_pair()
    journal = Journal.open(folder / "journal", bytes(32), clock=lambda: NOW.astimezone(UTC), durable=False)
    devices = {
        "page_printer": Device(DeviceInfo("page_printer", "ipp", "ipp://user:geheim@10.0.0.9/ipp/print", "HP", "M404")),
        "receipt_printer": Device(DeviceInfo("receipt_printer", "escpos", "/dev/usb/lp0")),
        "document_camera": Device(DeviceInfo("document_camera", "document_camera", "/dev/video2")),
    }
    statuses = {
        "page_printer": Status(State.ONLINE, (Fault("media-low", Action.REPLENISH, "paper", blocking=False),)),
        "receipt_printer": Status(State.ONLINE), "document_camera": Status(State.ONLINE),
        "id_reader": Status(State.HARDWARE_ERROR, (Fault("no-answer", Action.CALL_TECHNICIAN),)),
    }  # fmt: skip
    profile = Profile(
        place=PLACE, street=Text("平城区南关街道", "Nanguan"), terminal=Text("3 号机", "Terminal 3"), data=folder,
        backend_url="https://kiosk:geheim@backend.example:8443/api?token=geheim",
        devices=tuple(
            DeviceProfile(kind, one.info.driver, one.info.port, {"volume": 60, "pin": "geheim"})
            for kind, one in devices.items()
        ),
        enrolment_code="GEHEIM-CODE", staff_secret_file=Path("/etc/geheim"),
    )  # fmt: skip
    house = SimpleNamespace(
        profile=profile, journal=journal, actors={kind: Actor(one) for kind, one in devices.items()},
        statuses=lambda: statuses, documents=Drawing(),
        packs=lambda: {
            "individual_business": SimpleNamespace(version="1.4", name=Text("个体工商户登记", "Sole trader"))
        },
        client=SimpleNamespace(key=SimpleNamespace(private=private), enrolment=SimpleNamespace(terminal_id=TERMINAL)),
        now=lambda: NOW, clock=lambda: 1e9, sign=lambda message: wire.unb64(wire.sign(private, message)),
    )  # fmt: skip
    desk = Desk()
    room = ReportRoom(
        cast("Any", house), speak, marked=lambda paper: marked(paper, private, NOW),
        doctor=lambda: [good("disk", "4 GB free"), good("clock", "王某某 140213195803010021")], the_stick=the_stick,
    )  # fmt: skip
    room.bind(desk)
    for number, one in enumerate(PROOFS):
        journal.note_proof(Proof(NOW - timedelta(minutes=number), *one))
    return SimpleNamespace(room=room, desk=desk, journal=journal, devices=devices, private=private, public=public)


PROOFS: tuple[tuple[Any, ...], ...] = (
    ("document_camera", "glass", "failed", "glass-dirty-upper-left", ("2",), "night"),
    ("document_camera", "covered", "passed", "sight-clear", (), "night"),
    ("camera", "covered", "passed", "sight-clear", (), "night"),
    ("page_printer", "streaks", "failed", "print-streaked-left", ("2",), "0417"),
    ("page_printer", "print", "passed", "print-done", ("1",), "0417"),
    ("receipt_printer", "print", "passed", "print-done", ("1",), "0417"),
    ("sound", "path", "passed", "sound-path", (), "night"),
    ("sound", "heard", "unsure", "sound-nobody-hears", (), "0417"),
    ("clock", "time", "passed", "clock-right", ("0",), "night"),
    ("disk", "room", "passed", "disk-room", ("20000",), "night"),
    ("queue", "moves", "passed", "queue-moves", ("3",), "night"),
    ("chain", "case", "passed", "chain-whole", ("1.2", "3.4"), "night"),
    ("screen", "colours", "passed", "night-whole", (), "0417"),
)
