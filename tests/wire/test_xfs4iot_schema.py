"""Every message of both sides, in one long conversation with every service, has the shape of the public schema 2021-1.

Where the schema is not beside the project these tests skip, and say so; the other tests of XFS4IoT run without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level, State
from devices.contracts.printing import NotPrinted, Printed, Unknown
from devices.contracts.sensors import Light
from devices.drivers.escpos import testpattern
from devices.drivers.ipp.testpage import page
from devices.drivers.xfs4iot import discovery
from devices.drivers.xfs4iot.cards import XfsCard, XfsCardReader
from devices.drivers.xfs4iot.driver import make
from devices.drivers.xfs4iot.protocol import PATH, PORTS, Edition
from devices.drivers.xfs4iot.session import Session
from devices.drivers.xfs4iot.vendor_mode import Mode
from devices.simulators.xfs4iot import XfsTwin
from devices.transports.capture_file import entries_of
from devices.transports.message_capture import CapturingLine, ReplayLine, Said
from devices.transports.websocket import WebSocketLine
from tests.xfs_schema import MISSING, Schema, load


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def twin() -> Iterator[XfsTwin]:
    twin = XfsTwin("machine")
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def schema() -> Schema:
    schema = load()
    if schema is None:
        pytest.skip(MISSING)
    return schema


def converse(twin: XfsTwin, path: Path) -> None:
    """Every command that the drivers have, every event that the twin has, good and bad endings."""

    def device(kind: str, service: str) -> Any:
        address = twin.address(service)
        line = CapturingLine(WebSocketLine(address), path)
        made = make(kind, address, line=line, edition=Edition.PAYLOAD)
        made.open(soon())
        return made

    publisher = CapturingLine(WebSocketLine(twin.address()), path)
    assert len(discovery.ask_publisher(Session(publisher, edition=Edition.PAYLOAD), soon())) == 6

    reader: XfsCardReader = device("card_reader", "CardReader1")
    reader.admit(soon())
    twin.act("put", {"track2": "123=456"})
    reader.present(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    card.transmit(bytes.fromhex("00A4040000"), soon())
    reader.disconnect()
    reader.connect(soon())
    reader.read_tracks(soon())
    reader.eject(soon())
    twin.act("take", {})
    reader.taken(soon())
    reader.read_tracks(Deadline.after(0.2))
    twin.act("put", {"card": "mute"})
    with pytest.raises(DeviceError):
        reader.self_test(Level.INTERACTIVE, soon())
    reader.retain(soon())
    reader.retain(soon())
    reader.reset(soon())
    reader.admit(soon())
    reader.close()

    receipts = device("receipt_printer", "ReceiptPrinter1")
    receipt = testpattern.pattern(576, 64)
    assert receipts.print_raster(receipt, cut=True, deadline=soon()) == Printed(1)
    twin.act("take-paper", {})
    receipts.taken(soon())
    for trouble, outcome in (("paper-out", NotPrinted), ("jam", Unknown), ("retracted", NotPrinted)):
        twin.act(trouble, {})
        assert isinstance(receipts.print_raster(receipt, cut=True, deadline=soon()), outcome)
        twin.act("ok", {})
    receipts.retract(soon())
    receipts.reset(soon())
    for action in ("reset", "softwareError", "configuration", "clear", "maintenance", "suspend"):
        twin.act("error-event", {"service": "ReceiptPrinter1", "action": action})
    twin.act("status-event", {"service": "ReceiptPrinter1"})
    receipts.poll(soon())
    receipts.close()

    pages = device("page_printer", "DocumentPrinter1")
    assert pages.print_pdf(page("x"), title="x", pages=1, deadline=soon()) == Printed(1)
    pages.retract(soon())
    pages.close()

    camera = device("still_camera", "Camera1")
    camera.take(soon())
    camera.reset(soon())
    camera.close()

    lights = device("lights", "Lights1")
    lights.set_light(Light.READER, True, soon())
    lights.reset(soon())
    lights.close()

    vendor = device("vendor_mode", "VendorMode1")
    vendor.register("kiosk", soon())
    vendor.request_enter(soon())
    vendor.acknowledge_enter(soon())
    assert vendor.wait_for(Mode.ACTIVE, soon())
    vendor.request_exit(soon())
    vendor.acknowledge_exit(soon())
    assert vendor.wait_for(Mode.INACTIVE, soon())
    vendor.close()


def test_every_message_of_both_sides_has_the_shape_of_the_schema(twin: XfsTwin, schema: Schema, tmp_path: Path) -> None:
    converse(twin, tmp_path / "all.jsonl")
    said = [Said.of(entry) for entry in entries_of(tmp_path / "all.jsonl")]
    messages = [entry for entry in said if entry.direction != "timeout"]
    for entry in messages:
        schema.check(entry.text)
    kinds = {(json.loads(entry.text)["header"]["type"], json.loads(entry.text)["header"]["name"]) for entry in messages}
    commands = {name for kind, name in kinds if kind == "command"}
    assert commands >= {
        "ServicePublisher.GetServices", "Common.Status", "Common.Capabilities", "Common.Cancel",
        "CardReader.ReadRawData", "CardReader.ChipPower", "CardReader.ChipIO", "CardReader.Move", "CardReader.Reset",
        "Printer.PrintRaw", "Printer.PrintNative", "Printer.ControlMedia", "Printer.RetractMedia", "Printer.Reset",
        "Camera.TakePicture", "Camera.Reset", "Lights.SetLight", "VendorMode.Register", "VendorMode.EnterModeRequest",
        "VendorMode.EnterModeAcknowledge", "VendorMode.ExitModeRequest", "VendorMode.ExitModeAcknowledge",
    }  # fmt: skip
    assert {kind for kind, _ in kinds} == {"command", "acknowledge", "event", "completion", "unsolicited"}
    print(f"{len(messages)} messages of {len(kinds)} kinds validated")


def test_the_check_finds_what_is_wrong(schema: Schema) -> None:
    good = {
        "header": {"type": "command", "name": "CardReader.ChipPower", "requestId": 1, "version": "1.0"},
        "payload": {"chipPower": "cold", "timeout": 5},
    }
    schema.check(json.dumps(good))
    for spoil in (
        lambda m: m["payload"].update(chipPower="hot"),
        lambda m: m["payload"].update(timeout="5"),
        lambda m: m["header"].update(name="CardReader.ChipPowr"),
        lambda m: m["header"].pop("requestId"),
        lambda m: m.pop("payload"),
    ):
        bad = json.loads(json.dumps(good))
        spoil(bad)
        with pytest.raises(AssertionError):
            schema.check(json.dumps(bad))


# -- finding services ----------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", [edition.value for edition in Edition])
def test_services_are_found_on_the_ports_of_the_standard_and_introduce_themselves(edition: str) -> None:
    assert PORTS == (80, 443, 5846, 5847, 5848, 5849, 5850, 5851, 5852, 5853, 5854, 5855, 5856)
    twin = XfsTwin("machine", edition=edition)
    twin.start()
    silent = XfsTwin("silent", edition=edition)
    silent.start()
    silent.act("mute", {})
    try:
        found = discovery.find("127.0.0.1", Deadline.after(2), ports=(1, silent.number, twin.number))
        assert found == tuple(twin.address(name) for name in twin.services)
        services = {uri: discovery.introduce(uri, soon()) for uri in found}
        assert services[found[0]].interfaces == ("Common", "CardReader")
        assert {one.state for one in services.values()} == {State.ONLINE}
        gone = discovery.introduce(twin.address("Nobody"), soon())
        assert (gone.error, gone.state) == ("not-websocket", State.UNKNOWN)
    finally:
        twin.stop()
        silent.stop()


def test_addresses_that_are_none_are_left_out(twin: XfsTwin) -> None:
    name = "ServicePublisher.GetServices"
    asked = {"header": {"type": "command", "name": name, "requestId": 1, "version": "2.0"}, "payload": {}}
    taken = {"header": {"type": "acknowledge", "name": name, "requestId": 1}, "payload": {"status": "ok"}}
    said = [
        Said("out", json.dumps(asked)),
        Said("in", json.dumps(taken)),
        Said("in", json.dumps({
            "header": {"type": "completion", "name": name, "requestId": 1},
            "payload": {"completionCode": "success", "services": [
                {"serviceURI": "ws://h:5846/a"}, {"serviceURI": "file:///etc/passwd"}, {"serviceURI": 5}, 7, {},
                {"serviceURI": "ws://user:pass@h/x"}, {"serviceURI": "ws://[broken"}, {"serviceURI": "ws://h:5846/a"},
                {"serviceURI": "wss://h/" + "x" * 500},
            ]},
        })),
    ]  # fmt: skip
    assert discovery.ask_publisher(Session(ReplayLine(said)), soon()) == ("ws://h:5846/a",)
    assert twin.address().endswith(PATH)
