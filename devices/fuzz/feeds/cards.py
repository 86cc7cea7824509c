"""Smart cards: answers of any card, social-security cards, staff cards."""

from __future__ import annotations

from typing import Any

from devices.contracts.deadline import Deadline


class _Answers:
    """A card whose answers stand in the data, each with its length before it; after the last it says nothing."""

    character_wise = True

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.asked = 0

    def exchange(self, apdu: bytes, deadline: Deadline) -> bytes:
        self.asked += 1
        size = self._data[0] if self._data else 0
        answer, self._data = self._data[1 : 1 + size], self._data[1 + size :]
        return answer


def followed(data: bytes) -> Any:
    """61xx and 6Cxx followed to their end, as often as the card asks for it."""
    from devices.transports.apdu import PARTS_LIMIT, follow

    card: Any = _Answers(data)
    response = follow(card, bytes.fromhex("00A4040007A000000247100100"), Deadline.after(60))
    if card.asked > 2 * PARTS_LIMIT + 2:
        raise AssertionError(f"the card was asked {card.asked} times")
    return response


def social_card(data: bytes) -> Any:
    """Records one after the other (tag, length, value), taken apart and decoded as the driver does."""
    from devices.drivers.sscard.protocol import CARD_FILE, HOLDER_FILE, decode_card, record_value

    items = {item.tag: item for item in (*CARD_FILE.items, *HOLDER_FILE.items)}
    records: dict[str, bytes] = {}
    at = 0
    while at + 1 < len(data):
        end = at + 2 + data[at + 1]
        if item := items.get(data[at]):
            records[item.name] = record_value(item, data[at:end])
        at = end
    return decode_card(records)


def social_card_golden() -> list[bytes]:
    from devices.drivers.sscard.protocol import CARD_FILE, HOLDER_FILE, encode_record

    values = {
        "card_id": bytes.fromhex("330106") + bytes(13),
        "card_class": b"\x01",
        "version": b"2.00",
        "organisation": bytes(12),
        "issued": bytes.fromhex("20200101"),
        "valid_to": bytes.fromhex("20300101"),
        "card_number": b"A12345678",
        "number": b"11010519491231002X",
        "name": "样例文清".encode("gbk").ljust(30, b"\0"),
        "name_extension": bytes(20),
        "sex": b"1",
        "ethnic": b"\x01",
        "birthplace": bytes.fromhex("110105"),
        "birth": bytes.fromhex("19491231"),
    }
    items = [item for item in (*CARD_FILE.items, *HOLDER_FILE.items) if item.name in values]
    return [b"".join(encode_record(item, values[item.name]) for item in items)]


def staff_objects(data: bytes) -> list[Any]:
    """The objects that a staff card is asked for, whichever of them the bytes may be."""
    from devices.drivers.staff_card import protocol
    from devices.drivers.tlv import BadTlv

    said: list[Any] = []
    for decode in (protocol.signature, protocol.chuid, protocol.certificate):
        try:
            said.append(decode(data))
        except BadTlv:
            continue
    return said


def staff_golden() -> list[bytes]:
    from devices.drivers.tlv import encode

    chuid = encode(0x34, bytes(range(1, 17))) + encode(0x35, b"20301231") + encode(0x3E, b"") + encode(0xFE, b"")
    certificate = encode(0x70, _certificate()) + encode(0x71, b"\0") + encode(0xFE, b"")
    return [encode(0x53, chuid), encode(0x53, certificate), encode(0x7C, encode(0x82, bytes(64)))]


def certificates() -> list[bytes]:
    return [_certificate()]


def _certificate() -> bytes:
    from devices.simulators.emrtd_issuer import Authority

    return Authority().csca
