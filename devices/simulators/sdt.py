"""The ID card reader's twin: the SDT protocol on a pty or USB pipes, generated cards, faults on command.

No third party makes a simulator of this reader. This one answers every command of the table and is checked against
the literal frames of the sources.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Any

from devices.drivers.sdt import protocol
from devices.drivers.sdt.frames import MIN_COMMAND, BadFrame, FrameDecoder
from devices.drivers.sdt.protocol import SW3, Payload
from devices.simulators import portrait
from devices.simulators.deck import DEFAULT_TODAY, Card, make_deck
from devices.simulators.photo import squeeze_file
from devices.simulators.pty import PtyWire
from devices.simulators.twin import Json, UnknownAction
from devices.simulators.usb import UsbWire

FIND_DATA = bytes(4)  # as in the literal frame AAAAAA9669 0008 00009F 00000000 97
SELECT_DATA = bytes(8)
ADDRESS_BYTES = 70
DEFAULT_SAM_ID = "05.01-20260101-0000000724-3141592653"
_ONCE = frozenset({"torn", "checksum", "truncated", "garbage", "card-pulled", "pulled"})
_LASTING = frozenset({"silent", "slow", "not-authorised", "self-test-failed"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with answers to ``command``; ``times`` answers long, or until ``ok`` when 0."""

    name: str
    times: int
    command: str
    at: int = 0
    byte_seconds: float = 0.0


class SdtTwin:
    """A simulated reader. Options:

    ``transport`` ``pty``, or ``usb`` (at pyusb's backend interface, in this process) · ``link`` path of the port ·
    ``baud`` 0 = unpaced · ``seed``, ``today`` (ISO) of the deck · ``pictures`` role or * -> ``portrait``,
    ``stranger:N``, picture file or {path, box = [left, top, right, bottom]} · ``refind`` a card that stays is found
    again · ``fingerprint`` bytes of it on every card (1024, 512 or 0).
    """

    def __init__(
        self,
        name: str,
        *,
        transport: str = "pty",
        link: str = "",
        baud: int = 115_200,
        seed: int = 724,
        today: str = "",
        pictures: Mapping[str, str | Mapping[str, Any]] | None = None,
        deck: Mapping[str, Card] | None = None,
        refind: bool = False,
        fingerprint: int = 0,
    ) -> None:
        self.name = name
        shown = {role: _picture(source) for role, source in (pictures or {}).items()}
        self.deck = dict(deck or make_deck(seed, date.fromisoformat(today) if today else DEFAULT_TODAY, shown))
        if transport not in ("pty", "usb"):
            raise ValueError(f"transport {transport!r}: pty or usb")
        self.wire: PtyWire | UsbWire = (
            PtyWire(name, self._received, link=link, baud=baud) if transport == "pty" else UsbWire(name, self._received)
        )
        self._refind = refind
        self._fingerprint = fingerprint
        self._lock = threading.Lock()
        self._decoder = FrameDecoder(MIN_COMMAND, lead=b"")
        self._card: Card | None = None
        self._found = self._selected = False
        self._fault: Fault | None = None
        self._reads = self._commands = 0
        self._actions: dict[str, Callable[[Mapping[str, Json]], None]] = {
            "put": self._put,
            "take": lambda _: self._take(),
            "unplug": lambda _: self.wire.unplug(),
            "replug": lambda _: self._plug(),
            "ok": lambda _: self._heal(),
        }
        for fault in _ONCE | _LASTING:
            self._actions[fault] = lambda arguments, fault=fault: self._arm(fault, arguments)  # type: ignore[misc]  # default binds the name
        self._actions["mute"] = self._actions["silent"]

    @property
    def port(self) -> str:
        return self.wire.port

    def start(self) -> None:
        self._plug()

    def stop(self) -> None:
        self.wire.stop()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``put`` card=role [fields={…}] [newest_address=…], ``take``, ``unplug``, ``replug``, ``ok``, or a fault:
        ``torn`` ``checksum`` ``truncated`` ``garbage`` ``silent`` ``slow`` ``not-authorised`` ``self-test-failed``
        ``card-pulled`` ``pulled`` at=byte; each with times=n (0 = until ``ok``) and command=name (``*`` for all)."""
        if action not in self._actions:
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {', '.join(sorted(self._actions))}")
        self._actions[action](arguments)

    def state(self) -> dict[str, Json]:
        with self._lock:
            return {
                "kind": "sdt",
                "port": self.port,
                "plugged": self.wire.plugged,
                "card": self._card.role if self._card else None,
                "cards": list(self.deck),
                "fault": self._fault.name if self._fault else None,
                "reads": self._reads,
                "commands": self._commands,
            }

    # Actions

    def _put(self, arguments: Mapping[str, Json]) -> None:
        role = arguments.get("card")
        if not isinstance(role, str) or role not in self.deck:
            raise UnknownAction(f"put needs card = one of {', '.join(self.deck)}")
        card = self.deck[role]
        fields = arguments.get("fields")
        if isinstance(fields, dict):
            card = _changed(card, fields)
        newest = arguments.get("newest_address", card.newest_address)
        if not isinstance(newest, str) or len(newest.encode("utf-16-le")) > ADDRESS_BYTES:
            raise UnknownAction(f"put: newest_address must be text of at most {ADDRESS_BYTES} bytes of UTF-16")
        card = replace(card, newest_address=newest)
        with self._lock:
            self._card, self._found, self._selected = card, False, False

    def _take(self) -> None:
        with self._lock:
            self._card, self._found, self._selected = None, False, False

    def _plug(self) -> None:
        if self.wire.plugged:
            return
        with self._lock:
            self._decoder = FrameDecoder(MIN_COMMAND, lead=b"")
            self._found = self._selected = False
        self.wire.plug()

    def _heal(self) -> None:
        with self._lock:
            self._fault = None
        self._plug()

    def _arm(self, name: str, arguments: Mapping[str, Json]) -> None:
        times = _integer(arguments, "times", 1 if name in _ONCE else 0)
        everywhere = name in ("silent", "not-authorised", "self-test-failed")
        command = arguments.get("command", "*" if everywhere else "read")
        if command != "*" and command not in {known.name for known in protocol.COMMANDS}:
            raise UnknownAction(f"{name}: command must be * or a name of the command table")
        pace = arguments.get("byte_seconds", 0.002)
        if not isinstance(pace, int | float) or isinstance(pace, bool):
            raise UnknownAction(f"{name}: byte_seconds must be a number")
        with self._lock:
            self._fault = Fault(name, times, str(command), _integer(arguments, "at", 700), float(pace))

    # The wire

    def _received(self, data: bytes) -> None:
        for item in self._decoder.feed(data):
            if isinstance(item, BadFrame):
                self.wire.send(protocol.encode_answer(SW3.BAD_CHECKSUM))
                continue
            inward = (len(item.body) + 8) * 10 / self.wire.baud if self.wire.baud else 0.0
            self._answer(item.body, inward)

    def _answer(self, body: bytes, inward: float) -> None:
        """Answer one command, ``inward`` seconds after it began to arrive: that long its bytes take on a real line."""
        name = next((known.name for known in protocol.COMMANDS if known.body == body), "")
        with self._lock:
            self._commands += 1
            fault = self._due_fault(name)
            status, data = self._reply(name, fault)
        self._send(protocol.encode_answer(status, data), status, data, fault, inward)
        if name.startswith("baud-") and self.wire.baud:
            self.wire.baud = int(name.removeprefix("baud-"))

    def _due_fault(self, name: str) -> Fault | None:
        fault = self._fault
        if fault is None or fault.command not in ("*", name):
            return None
        if fault.times:
            self._fault = replace(fault, times=fault.times - 1) if fault.times > 1 else None
        return fault

    def _reply(self, name: str, fault: Fault | None) -> tuple[int, bytes]:
        if fault is not None and fault.name == "not-authorised":
            return SW3.NOT_AUTHORISED, b""
        if fault is not None and fault.name == "self-test-failed":
            return SW3.SELF_TEST_FAILED, b""
        if fault is not None and fault.name == "card-pulled":
            self._card, self._found, self._selected = None, False, False
        if name == "find":
            return self._reply_find()
        if name == "select":
            return self._reply_select()
        if name in ("read", "read-fingerprint", "newest-address"):
            return self._reply_card(name)
        if name == "sam-id":
            return SW3.OK, protocol.sam_id_bytes(DEFAULT_SAM_ID)
        if name == "reset":
            self._found = self._selected = False
        return (SW3.OK if name else SW3.UNRECOGNISED), b""

    def _reply_find(self) -> tuple[int, bytes]:
        if self._card is None or (self._found and not self._refind):
            return SW3.FIND_FAILED, b""
        self._found, self._selected = True, False
        return SW3.CARD_FOUND, FIND_DATA

    def _reply_select(self) -> tuple[int, bytes]:
        self._selected = self._card is not None and self._found
        return (SW3.OK, SELECT_DATA) if self._selected else (SW3.SELECT_FAILED, b"")

    def _reply_card(self, name: str) -> tuple[int, bytes]:
        if self._card is None or not self._selected:
            return SW3.READ_FAILED, b""
        if name == "newest-address":
            address = self._card.newest_address.encode("utf-16-le")
            return (SW3.OK, address) if address else (SW3.NO_SUCH_ITEM, b"")
        self._reads += 1
        payload = Payload(self._card.text, self._card.photo, fingerprint(self._card.role, self._fingerprint))
        return SW3.OK, protocol.encode_payload(payload, 3 if name == "read-fingerprint" else 2)

    def _send(self, frame: bytes, status: int, data: bytes, fault: Fault | None, inward: float) -> None:
        name = fault.name if fault else ""
        if name == "silent":
            return
        if name == "torn":  # breaks off in the middle, and another answer begins there
            frame = frame[: len(frame) // 2] + frame[: len(frame) // 3]
        elif name == "checksum":
            frame = frame[:-1] + bytes([frame[-1] ^ 0x5A])
        elif name == "truncated":
            frame = frame[: max(8, len(frame) - len(frame) // 4)]
        elif name == "garbage":
            frame = bytes((7 * i) % 0xA0 for i in range(len(frame)))
        elif name == "pulled" and fault is not None:
            self.wire.send(frame[: fault.at], after=inward)
            self.wire.unplug()
            return
        pace = fault.byte_seconds if fault is not None and name == "slow" else None
        self.wire.send(frame, after=inward, byte_seconds=pace)


def fingerprint(role: str, count: int) -> bytes:
    """What stands for a card's fingerprint features: bytes that are always the same for a role, and mean nothing."""
    return Random(f"fingerprint:{role}").randbytes(count)


def _picture(source: str | Mapping[str, Any]) -> bytes:
    """WebP for a photo area: ``portrait`` (the demo's person), ``stranger:N``, a picture file or a part of one."""
    if isinstance(source, str):
        who, _, number = source.partition(":")
        if who == "portrait":
            return portrait.card_portrait()
        if who == "stranger":
            return portrait.stranger_portrait(int(number or 0))
        return squeeze_file(source)
    left, top, right, bottom = (int(edge) for edge in source["box"])
    return squeeze_file(str(source["path"]), (left, top, right, bottom))


def _changed(card: Card, fields: Mapping[str, Json]) -> Card:
    """A card with other text in some of its fields (name, address, issuer, …)."""
    texts = {key: value for key, value in fields.items() if isinstance(value, str)}
    try:
        changed = replace(card, document=replace(card.document, **texts))  # type: ignore[arg-type]  # checked by encoding
        _ = changed.text
    except (TypeError, ValueError) as error:
        raise UnknownAction(f"put: these fields do not fit the card: {error}") from error
    return changed


def _integer(arguments: Mapping[str, Json], key: str, default: int) -> int:
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownAction(f"{key} must be a whole number, 0 or more")
    return value
