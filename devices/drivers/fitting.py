"""How a driver is made from the plain values of a profile, where its own class takes more than plain values.

Each function's first argument is the port, or the device whose line it uses; the others are the profile's options.
Raises ValueError for a value that does not fit, in words for whoever wrote the profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devices.contracts.smart_card import SmartCardReader
    from devices.drivers.alsa.driver import AlsaSound
    from devices.drivers.code_scanner.driver import SerialScanner
    from devices.drivers.emrtd.driver import EmrtdReader
    from devices.drivers.locker.driver import ModbusLocker
    from devices.drivers.modbus_io.driver import ModbusBoard
    from devices.drivers.sscard.driver import SocialCardSlot
    from devices.drivers.xfs4iot.cards import XfsCardReader
    from devices.drivers.xfs4iot.lights import XfsLights
    from devices.drivers.xfs4iot.printer import XfsPagePrinter, XfsReceiptPrinter


def sensors(port: str, map: Mapping[str, Any], *, baud: int = 9_600, parity: str = "none") -> ModbusBoard:
    """An IO board; ``map`` says what hangs on which coil and input."""
    from devices.drivers.modbus_io.board import board_map
    from devices.drivers.modbus_io.driver import ModbusBoard

    return ModbusBoard(port, board_map(map), baud=baud, parity=parity)


def locker(line: str | ModbusBoard, map: Mapping[str, Any], *, baud: int = 9_600, parity: str = "none") -> ModbusLocker:
    """A locker on a port of its own, or on the bus of an IO board (whose speed and parity then hold)."""
    from devices.drivers.locker.boxes import locker_map
    from devices.drivers.locker.driver import ModbusLocker

    boxes = locker_map(map)
    if isinstance(line, str):
        return ModbusLocker(line, boxes, baud=baud, parity=parity)
    return ModbusLocker(line.info.port, boxes, link=line.link)


def code_scanner(
    port: str,
    *,
    baud: int = 9_600,
    terminator: str = "auto",
    aim: bool = False,
    trigger: str = "none",
    ask: str = "",
    answer: str = "",
) -> SerialScanner:
    """A scanner; ``trigger`` names a set of commands, ``ask`` and ``answer`` are hex digits of a question it knows."""
    from devices.drivers.code_scanner.driver import SerialScanner
    from devices.drivers.code_scanner.protocol import COMMANDS, Commands, Framing, terminators

    if trigger not in COMMANDS:
        raise ValueError(f"trigger {trigger!r}: there is {', '.join(COMMANDS)}")
    usual = COMMANDS[trigger]
    commands = Commands(usual.trigger_on, usual.trigger_off, bytes.fromhex(ask), bytes.fromhex(answer))
    return SerialScanner(port, baud, framing=Framing(terminators(terminator), aim), commands=commands)


def travel_document(reader: SmartCardReader, *, csca: str = "", groups: Sequence[int] = ()) -> EmrtdReader:
    """Travel documents in a card reader's field; ``csca`` is a folder of the issuing states' certificates."""
    from devices.drivers.emrtd.csca import CscaStore
    from devices.drivers.emrtd.driver import EmrtdReader

    return EmrtdReader(reader, CscaStore.load(Path(csca) if csca else None), groups=groups)


def social_card(reader: SmartCardReader) -> SocialCardSlot:
    """社保卡 in a card reader's slot. The key that cards of version 3 ask for is a plug-in, not yet a profile's."""
    from devices.drivers.sscard.driver import SocialCardSlot

    return SocialCardSlot(reader)


def sound(
    port: str, *, headphone: str = "", volume: int = 60, mixer: Mapping[str, Any] | None = None, microphone: str = ""
) -> AlsaSound:
    """A loudspeaker by ALSA's name; ``mixer`` is ``{ card, control, percent }`` of a hardware mixer to be fixed,
    ``microphone`` the input by which the terminal hears its own chime."""
    from devices.drivers.alsa.driver import AlsaSound, Mixer

    fixed = Mixer(**mixer) if mixer else None
    return AlsaSound(port, headphone=headphone, volume=volume, mixer=fixed, microphone=microphone)


def xfs_card_reader(port: str, *, ca_file: str = "") -> XfsCardReader:
    """A card reader behind an XFS4IoT service; ``ca_file`` names the authorities trusted for wss, here and below."""
    from devices.drivers.xfs4iot.cards import XfsCardReader

    return XfsCardReader(port, ca_file=ca_file)


def xfs_page_printer(port: str, *, source: str = "", ca_file: str = "") -> XfsPagePrinter:
    """An A4 printer; ``source`` names the paper source to take, as the service does."""
    from devices.drivers.xfs4iot.printer import XfsPagePrinter

    return XfsPagePrinter(port, source=source, ca_file=ca_file)


def xfs_receipt_printer(port: str, *, source: str = "", ca_file: str = "") -> XfsReceiptPrinter:
    """A receipt printer."""
    from devices.drivers.xfs4iot.printer import XfsReceiptPrinter

    return XfsReceiptPrinter(port, source=source, ca_file=ca_file)


def xfs_lights(port: str, *, names: Mapping[str, str] | None = None, ca_file: str = "") -> XfsLights:
    """Guide lights; ``names`` says how the service calls each of ours (reader, printer, camera, help, status)."""
    from devices.contracts.sensors import Light
    from devices.drivers.xfs4iot.lights import XfsLights

    return XfsLights(port, names={Light(ours): theirs for ours, theirs in (names or {}).items()}, ca_file=ca_file)
