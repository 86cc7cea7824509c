"""The ID card reader's codec, used as its link and driver use it."""

from __future__ import annotations

from typing import Any

from devices.contracts.identity import DocumentKind, IdentityDocument
from devices.fuzz.feeds import pieces
from devices.simulators.deck import make_deck


def frames(data: bytes) -> list[object]:
    """The incremental decoder, fed in pieces and abandoned as the link does."""
    from devices.drivers.sdt.frames import MAX_LENGTH, FrameDecoder

    decoder = FrameDecoder()
    found: list[object] = []
    for piece in pieces(data):
        found += decoder.feed(piece)
        if decoder.pending > MAX_LENGTH + len(piece):
            raise AssertionError(f"{decoder.pending} bytes are kept")
        if decoder.wanted <= 0:
            raise AssertionError("nothing is wanted and nothing was found")
    while decoder.in_frame:
        found += decoder.abandon()
    return found


def bodies(data: bytes) -> list[bytes]:
    """The bodies alone, whatever was dropped before them: what a round trip keeps."""
    from devices.drivers.sdt.frames import Frame

    return [frame.body for frame in frames(data) if isinstance(frame, Frame)]


def encode_bodies(bodies: list[bytes]) -> bytes:
    from devices.drivers.sdt.frames import encode_frame

    return b"".join(encode_frame(body) for body in bodies)


def golden_answers() -> list[bytes]:
    from devices.drivers.sdt.protocol import SW3, Payload, encode_answer, encode_payload

    card = make_deck()["resident"]
    whole = encode_payload(Payload(card.text, card.photo))
    return [encode_answer(SW3.OK, whole), encode_answer(SW3.CARD_FOUND, bytes(4)), encode_answer(SW3.FIND_FAILED)]


def golden_payloads() -> list[bytes]:
    from devices.drivers.sdt.protocol import Payload, encode_payload

    return [encode_payload(Payload(card.text, card.photo)) for card in make_deck().values()]


def golden_records() -> list[bytes]:
    from devices.drivers.sdt.protocol import Payload, encode_payload

    card = make_deck()["resident"]
    return [encode_payload(Payload(card.text, card.photo, bytes(count)), 3) for count in (1024, 512, 0)]


def record(data: bytes) -> Any:
    from devices.drivers.sdt.protocol import decode_payload

    return decode_payload(data, 3)


def encode_record(payload: Any) -> bytes:
    from devices.drivers.sdt.protocol import encode_payload

    return encode_payload(payload, 3)


def card(data: bytes) -> IdentityDocument:
    """A whole card as the driver takes it: payload, text, photograph."""
    from devices.drivers.sdt.protocol import decode_payload

    return decode_payload(data).document()


def _texts(kind: DocumentKind) -> list[bytes]:
    return [card.text for card in make_deck().values() if card.document.kind is kind]


def golden_resident() -> list[bytes]:
    return _texts(DocumentKind.RESIDENT)


def golden_hmt() -> list[bytes]:
    return _texts(DocumentKind.HMT_RESIDENCE)


def golden_foreigner_2017() -> list[bytes]:
    return _texts(DocumentKind.FOREIGNER_2017)


def golden_foreigner_2023() -> list[bytes]:
    return _texts(DocumentKind.FOREIGNER_2023)


def text(data: bytes) -> IdentityDocument:
    """Card text of the right length, whatever is in it: a wrong length alone would hide the rest."""
    from devices.drivers.sdt.layouts import TEXT_BYTES, decode_text

    return decode_text((data + b" \0" * TEXT_BYTES)[:TEXT_BYTES])
