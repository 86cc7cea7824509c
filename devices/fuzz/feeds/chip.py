"""The simulated chip of a travel document: hosts that nobody here wrote talk to it, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def emrtd_chip(data: bytes) -> bytes:
    """APDUs, each with a length before it, to a fresh chip."""
    from devices.simulators.emrtd_chip import EmrtdChip

    chip = EmrtdChip(_PLAIN, pace="AES-128", eof="6c", get_response=bool(data[:1] and data[0] & 1))
    said = b""
    at = 0
    while at < len(data):
        size = data[at]
        answer = chip.answer(data[at + 1 : at + 1 + size])
        if len(answer) < 2:
            raise AssertionError("no status word")
        said += answer
        at += 1 + size
    return said


class _Plain:
    files = {0x011E: bytes.fromhex("60145F0104303130365F36063034303030305C026175"), 0x0101: bytes(300)}  # noqa: RUF012
    mrz_key = b"L898902C<369080619406236"
    can = "123456"


_PLAIN: Any = _Plain()


def emrtd_golden_apdus() -> Sequence[bytes]:
    apdus = (
        "00A4040C07A0000002471001",
        "0084000008",
        "0082000028" + "72" * 40 + "28",
        "00A4020C02011E",
        "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
        "00B09C0000",
        "00B1010105540200100004",
        "0022C1A40F800A04007F00070202040202830101",
        "10860000027C0000",
    )
    whole = b"".join(bytes([len(apdu) // 2]) + bytes.fromhex(apdu) for apdu in apdus)
    return [whole, *(bytes([len(apdu) // 2]) + bytes.fromhex(apdu) for apdu in apdus)]
