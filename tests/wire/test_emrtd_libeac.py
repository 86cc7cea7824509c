"""PACE and secure messaging against libeac (Debian package libeac3), which nobody here wrote.

``KIOSK_PEER_ROUNDS=88`` reads a document for every curve, cipher and password once; by default every curve and every
cipher occurs.
"""

from __future__ import annotations

import os
from itertools import product

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.travel_document import AccessKey, Authentic, CanKey, MrzKey, TravelDocument
from devices.drivers import tlv
from devices.drivers.emrtd.curves import table
from devices.drivers.emrtd.driver import EmrtdReader
from devices.drivers.pcsc.driver import PcscReader
from devices.simulators.applet_slot import AppletSlot
from tests.wire import travel_papers
from tests.wire.libeac_chip import CAN, MRZ, LibeacChip, library

pytestmark = pytest.mark.skipif(library() is None, reason="needs the Debian package libeac3")

PAPER = travel_papers.document("card")  # libeac knows the zone of cards (TD1) only
CIPHERS = {"3DES": 1, "AES-128": 2, "AES-192": 3, "AES-256": 4}
CURVES = {curve.name: curve.pace for curve in table()}
EVERY = [*product(CIPHERS, CURVES, ("CAN", "MRZ"))]
FEW = [(cipher, "brainpoolp256r1", word) for cipher in CIPHERS for word in ("CAN", "MRZ")]
FEW += [("AES-128", curve, "MRZ") for curve in CURVES if curve != "brainpoolp256r1"]
ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "0"))


def chip(cipher: str, curve: str) -> LibeacChip:
    """EF.CardAccess with one PACEInfo: object identifier, version 2, parameter identifier."""
    protocol = tlv.encode(0x06, bytes.fromhex("04007F000702020402") + bytes([CIPHERS[cipher]]))
    info = protocol + tlv.encode(0x02, b"\x02") + tlv.encode(0x02, bytes([CURVES[curve]]))
    passwords = {CAN: PAPER.can.encode(), MRZ: travel_papers.zone(PAPER).replace("\n", "").encode()}
    return LibeacChip(PAPER.files, tlv.encode(0x31, tlv.encode(0x30, info)), passwords)


def reader_of(applet: LibeacChip) -> EmrtdReader:
    reader = EmrtdReader(PcscReader(slot=AppletSlot(applet)), travel_papers.store(PAPER))
    reader.open(Deadline.after(5))
    return reader


@pytest.mark.parametrize(("cipher", "curve", "password"), EVERY[:ROUNDS] if ROUNDS else FEW)
def test_a_document_is_read_whole_and_authentic(cipher: str, curve: str, password: str) -> None:
    applet = chip(cipher, curve)
    key: AccessKey = CanKey(PAPER.can) if password == "CAN" else travel_papers.key(PAPER)
    document = reader_of(applet).read(key, Deadline.after(20))
    assert isinstance(document, TravelDocument)
    assert document.number == PAPER.traveller.number
    assert document.authenticity == Authentic("UT")
    assert applet.sessions == 1


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_wrong_password_is_a_wrong_key(cipher: str) -> None:
    applet = chip(cipher, "secp256r1")
    reader = reader_of(applet)
    for key in (CanKey("000000" if PAPER.can != "000000" else "000001"), MrzKey("X00000000", "700101", "300101")):
        with pytest.raises(DeviceError) as caught:
            reader.read(key, Deadline.after(20))
        assert caught.value.code == "wrong-key"
    assert applet.sessions == 0
    assert isinstance(reader.read(CanKey(PAPER.can), Deadline.after(20)), TravelDocument)
