"""The simulated travel document's PACE and secure messaging against libeac as terminal (Debian package libeac3), which
nobody here wrote: nonce, mapping, keys, tokens, ciphers and MACs of this side are its own."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import objects, tlv
from devices.simulators.emrtd_issuer import COM, issue
from tests.wire.libeac_chip import CAN, Context, Refused, library

pytestmark = pytest.mark.skipif(library() is None, reason="needs the Debian package libeac3")
DOCUMENT = issue("card")


class Terminal(Context):
    """libeac's terminal side over a chip of ours."""

    def __init__(self, chip: EmrtdChip) -> None:
        self.chip = chip
        super().__init__(chip.answer(bytes.fromhex("00B09C0000"))[:-2])

    def pace(self, can: str) -> None:
        """Raises Refused where libeac does not believe the chip, AssertionError where the chip does not believe it."""
        protocol = next(objects(chip_info(self.chip)))[1]
        ask = tlv(0x80, protocol) + tlv(0x83, bytes([CAN]))
        assert self.chip.answer(bytes.fromhex("0022C1A4") + bytes([len(ask)]) + ask) == b"\x90\x00"
        self._decrypt_nonce(can.encode(), self._step(b""))
        self.do("PACE_STEP3A_map_generator", self._step(tlv(0x81, self.do("PACE_STEP3A_generate_mapping_data"))))
        theirs = self._step(tlv(0x83, self.do("PACE_STEP3B_generate_ephemeral_key")))
        self.do("PACE_STEP3B_compute_shared_secret", theirs)
        self.do("PACE_STEP3C_derive_keys")
        token = self._step(tlv(0x85, self.do("PACE_STEP3D_compute_authentication_token", theirs)), last=True)
        self.do("PACE_STEP3D_verify_authentication_token", token)
        self.protect()

    def send(self, header: str, data: bytes = b"", le: int | None = None) -> bytes:
        """A protected command; the data of its answer. Refused where a MAC is wrong."""
        self.do("EAC_increment_ssc")
        head = bytes.fromhex(header)
        body = tlv(0x87, b"\x01", self.do("EAC_encrypt", self.do("EAC_add_iso_pad", data))) if data else b""
        body += tlv(0x97, bytes([le % 256])) if le is not None else b""
        sealed = self.do("EAC_add_iso_pad", head) + body
        body += tlv(0x8E, self.do("EAC_authenticate", self.do("EAC_add_iso_pad", sealed)))
        answer = self.chip.answer(head + bytes([len(body)]) + body + b"\0")
        self.do("EAC_increment_ssc")
        parts = dict(objects(answer[:-2]))
        covered = b"".join(tlv(tag, value) for tag, value in parts.items() if tag != 0x8E)
        self.verify(self.do("EAC_add_iso_pad", covered), parts[0x8E])
        assert parts[0x99] == b"\x90\x00"
        return self.unpad(self.do("EAC_decrypt", parts[0x87][1:])) if 0x87 in parts else b""

    def _step(self, inner: bytes, *, last: bool = False) -> bytes:
        data = tlv(0x7C, inner)
        answer = self.chip.answer(bytes([0x00 if last else 0x10, 0x86, 0, 0, len(data)]) + data + b"\0")
        assert answer[-2:] == b"\x90\x00", answer.hex()
        ((_, found),) = objects(answer[:-2])
        return next(objects(found))[1]

    def _decrypt_nonce(self, password: bytes, nonce: bytes) -> None:
        eac = self._eac
        step = eac.PACE_STEP2_dec_nonce
        given = eac.BUF_MEM_create_init(nonce, len(nonce))
        secret = eac.PACE_SEC_new(password, len(password), CAN)
        step.argtypes, step.restype = [ctypes.c_void_p, ctypes.c_void_p, type(given)], ctypes.c_int
        try:
            self._want(step(self._ctx, secret, given))
        finally:
            eac.PACE_SEC_clear_free(secret)
            eac.BUF_MEM_clear_free(given)


def chip_info(chip: EmrtdChip) -> bytes:
    """The one PACEInfo of EF.CardAccess."""
    ((_, infos),) = objects(chip.answer(bytes.fromhex("00B09C0000"))[:-2])
    return next(objects(infos))[1]


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    made: list[Terminal] = []
    yield made
    for terminal in made:
        terminal.close()


@pytest.mark.parametrize(
    ("suite", "parameters"),
    [("AES-128", 12), ("AES-128", 13), ("AES-192", 13), ("AES-256", 13), ("AES-192", 15), ("AES-256", 16)],
)
def test_libeac_opens_the_chip_and_reads_it(opened: list[Terminal], suite: str, parameters: int) -> None:
    terminal = Terminal(EmrtdChip(DOCUMENT, pace=suite, parameters=parameters))
    opened.append(terminal)
    terminal.pace(DOCUMENT.can)
    terminal.send("0CA4040C", bytes.fromhex("A0000002471001"))
    terminal.send("0CA4020C", COM.to_bytes(2, "big"))
    assert terminal.send("0CB00000", le=len(DOCUMENT.files[COM])) == DOCUMENT.files[COM]
    assert terminal.send("0CB08100", le=93) == DOCUMENT.files[0x0101][:93]


def test_libeac_with_another_number_is_refused(opened: list[Terminal]) -> None:
    chip = EmrtdChip(DOCUMENT, pace="AES-128")
    terminal = Terminal(chip)
    opened.append(terminal)
    with pytest.raises((AssertionError, Refused)):
        terminal.pace("000000")
    assert chip.state()["sessions"] == 0


def test_libeac_notices_a_wrong_mac(opened: list[Terminal]) -> None:
    chip = EmrtdChip(DOCUMENT, pace="AES-128")
    terminal = Terminal(chip)
    opened.append(terminal)
    terminal.pace(DOCUMENT.can)
    chip.act("wrong-mac", {})
    with pytest.raises(Refused):
        terminal.send("0CA4040C", bytes.fromhex("A0000002471001"))
