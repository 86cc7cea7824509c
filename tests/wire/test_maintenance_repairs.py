"""A roll changed and a dead reader swapped at the wires of twins: real desk, rooms and actors, from fault to proof."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from devices.actor import Spec
from devices.backoff import Backoff
from devices.drivers.escpos.driver import EscPosPrinter
from devices.drivers.sdt.driver import SdtReader
from devices.drivers.sdt.link import Patience
from devices.manager import Manager
from devices.simulators.escpos import EscPosTwin
from devices.simulators.sdt import SdtTwin
from kiosk.maintenance.desk import Act, MaintenanceDesk, Open
from kiosk.maintenance.overview import Overview
from kiosk.maintenance.repairs import Repairs
from kiosk.maintenance.screen import Bar, Snapshot
from kiosk.maintenance.since import Since
from tests.unit.maintenance.device_world import KEEPER, TECHNICIAN, World, said

SECONDS = 20.0


def every(seconds: float, do: Callable[[], None]) -> Callable[[], None]:
    """The actor looks often enough by itself."""
    return lambda: None


class Cabinet:
    """One device behind its twin, and staff before the screen."""

    def __init__(self, folder: Path, kind: str, twin: Any, make: Callable[[str], Any]) -> None:
        self.twin = twin
        self.twin.start()
        backoff = Backoff(0.02, limit=0.1)
        self.manager = Manager([Spec(kind, make(twin.port), poll_interval=0.05, backoff=backoff)])
        self.world = World(folder, kind)
        actors: Any = self.world.actors
        actors[kind] = self.manager[kind]
        self.since = Since(self.world.actors, lambda: self.world.now)
        self.crashes: list[BaseException] = []
        house = self.world.house
        self.desk = MaintenanceDesk(
            (Overview(house, self.since, every), Repairs(house, tick=every)), self,
            bar=lambda session: Bar(), left=lambda reason: None, locked=lambda: None, crashed=self.crashes.append,
            clock=lambda: 0.0,
        )  # fmt: skip
        self.touches = 0
        self._changed = threading.Condition()
        self._last: Snapshot | None = None
        self.shown: list[str] = []  # everything that stood on a page
        self.desk.subscribe(self._show)
        self.manager.start()
        self.desk.start()

    def audit(self, event: str, **details: str | int) -> None:
        """What the journal would keep."""

    def _show(self, snapshot: Snapshot | None) -> None:
        with self._changed:
            self._last = snapshot
            self.shown.append(repr(snapshot))
            self._changed.notify_all()

    def sees(self, true: Callable[[Snapshot], bool]) -> Snapshot:
        with self._changed:
            done = self._changed.wait_for(lambda: self._last is not None and true(self._last), SECONDS)
            assert done, self._last
            assert self._last is not None
            return self._last

    def touch(self, name: str) -> None:
        """The button of that name on the page that is shown."""
        assert self._last is not None
        button = next(button for button in self._last.page.buttons if button.name == name and button.enabled)
        self.touches += 1
        self.desk.post(Open(button.opens) if button.opens else Act(button.name, button.value))

    def close(self) -> None:
        self.desk.stop()
        self.since.close()
        self.manager.stop()
        self.twin.stop()


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    twin = EscPosTwin("receipt_printer", out=tmp_path / "receipts")
    made = Cabinet(tmp_path, "receipt_printer", twin, EscPosPrinter)
    yield made
    made.close()
    assert made.crashes == []


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Cabinet]:
    twin = SdtTwin("id_reader", baud=0)
    made = Cabinet(tmp_path, "id_reader", twin, partial(SdtReader, patience=Patience(0.5, 0.2, 0.2, 0.02)))
    yield made
    made.close()
    assert made.crashes == []


def step(number: int) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.page.step is not None and snapshot.page.step.number == number


def test_from_the_empty_roll_to_the_proof_in_three_touches(cabinet: Cabinet, tmp_path: Path) -> None:
    cabinet.twin.act("paper-out", {})
    cabinet.desk.begin(KEEPER)  # a keeper changes paper without training
    cabinet.sees(lambda snapshot: snapshot.page.buttons[0].name == "mend" and snapshot.page.rows[0].tone == "broken")
    cabinet.touch("mend")
    cabinet.sees(step(1))
    cabinet.twin.act("cover-open", {})
    cabinet.sees(step(2))
    assert not list((tmp_path / "receipts").glob("*.png"))
    cabinet.twin.act("ok", {})
    cabinet.sees(lambda shown: shown.page.buttons != () and shown.page.buttons[0].name == "yes")
    assert len(list((tmp_path / "receipts").glob("*.png"))) == 1  # the strip was really printed
    cabinet.touch("yes")
    ended = cabinet.sees(lambda shown: shown.page.buttons != () and shown.page.buttons[0].name == "back")
    assert said(ended.page.heading) == "修好了，已记录"
    cabinet.touch("back")
    cabinet.sees(
        lambda shown: shown.page.path == "overview" and {row.tone for row in shown.page.rows} == {"ok", "plain"}
    )
    assert cabinet.touches == 3
    (proof,) = cabinet.world.journal.proofs
    assert (proof.subject, proof.test, proof.outcome, proof.by) == ("receipt_printer", "roll", "passed", KEEPER.who)
    assert cabinet.world.journal.renewed == ["receipt_mm"]


@pytest.mark.parametrize("fault", ["silent", "unplug"])
def test_a_dead_reader_is_swapped_in_two_touches_and_proven_by_a_card(reader: Cabinet, fault: str) -> None:
    """A reader that fell silent keeps that cause while it is unplugged: that the new one answers brings the page on."""
    reader.desk.begin(TECHNICIAN)
    reader.sees(lambda shown: {row.key: row.tone for row in shown.page.rows}["id_reader"] == "ok")
    reader.twin.act(fault, {"times": 0} if fault == "silent" else {})
    reader.sees(lambda shown: shown.page.buttons[0].name == "mend")
    reader.touch("mend")
    reader.sees(step(2 if fault == "unplug" else 1))
    if fault == "silent":
        reader.twin.act("unplug", {})
        reader.twin.act("ok", {})
    reader.twin.act("put", {"card": "resident"})
    reader.twin.act("replug", {})
    ended = reader.sees(lambda shown: shown.page.buttons != () and shown.page.buttons[0].name == "back")
    assert said(ended.page.heading) == "修好了，已记录"
    reader.touch("back")
    assert reader.touches == 2
    (proof,) = reader.world.journal.proofs
    assert (proof.test, proof.outcome) == ("reader", "passed")
    assert "resident" in proof.report  # its kind, and nothing that stands on it
    document = reader.twin.deck["resident"].document
    for personal in (document.name, document.number, document.address):
        assert personal not in f"{proof}{reader.shown}"
