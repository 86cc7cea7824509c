"""Two strangers in the room: jcecard as the staff card, and opensc as the host. Nobody here wrote either."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import NoCard
from devices.contracts.staff_card import Copied, Genuine, PinAccepted, PinWrong, StaffCard, Unproven
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard import protocol
from devices.drivers.staff_card.driver import StaffCardSlot
from devices.simulators.applets import piv, social_security
from tests.wire.jcecard_cards import PIN
from tests.wire.pcsc_room import PcscRoom, until

PKCS11 = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"
JCECARD = "tests.wire.jcecard_cards:card"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscRoom]:
    pytest.importorskip("jcecard", reason="needs PyPI jcecard")
    with PcscRoom(tmp_path_factory.mktemp("pcsc")) as room:
        yield room


@pytest.fixture
def staff(room: PcscRoom) -> Iterator[StaffCardSlot]:
    slot = PcscReader(room.readers[0])
    yield StaffCardSlot(slot)
    slot.close()


def soon() -> Deadline:
    return Deadline.after(10)


def put(room: PcscRoom, applet: str, **options: object) -> None:
    """Exchange the card, and wait until pcscd has seen the old one leave and the new one come."""
    reader = PcscReader(room.readers[0])
    if room.has_card():
        room.act("ok")
        room.pull()
    assert until(lambda: not reader.present(soon()))
    room.insert(applet, **options)
    assert until(lambda: reader.present(soon()))
    reader.close()


def test_a_foreign_card_is_identified_and_proved_through_pcscd(room: PcscRoom, staff: StaffCardSlot) -> None:
    put(room, JCECARD)
    card = staff.identify(soon())
    assert isinstance(card, StaffCard)
    assert len(card.card_id) == 32
    assert isinstance(staff.prove(soon()), Genuine)
    assert staff.verify_pin("000000", soon()) == PinWrong(2)
    assert staff.verify_pin(PIN, soon()) == PinAccepted()
    proof = staff.prove(soon())
    assert isinstance(proof, Genuine)
    assert proof.card.key == "9A"


def test_letting_go_of_a_foreign_card_takes_its_power_and_with_it_the_pin(room: PcscRoom, staff: StaffCardSlot) -> None:
    put(room, JCECARD, keys=["9A"])
    assert staff.verify_pin(PIN, soon()) == PinAccepted()
    staff.disconnect()
    assert isinstance(staff.prove(soon()), Unproven)


def test_a_foreign_card_with_copied_certificates_is_found_out(room: PcscRoom, staff: StaffCardSlot) -> None:
    put(room, JCECARD, copy=True)
    assert isinstance(staff.prove(soon()), Copied)


def test_a_foreign_card_pulled_as_it_signs_is_told(room: PcscRoom, staff: StaffCardSlot) -> None:
    put(room, JCECARD)
    room.act("pull-at-apdu", n=4)
    with pytest.raises(DeviceError) as caught:
        staff.prove(soon())
    assert caught.value.code == "card-pulled"
    assert staff.prove(soon()) == NoCard()


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def opensc(tool: str, *arguments: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip("needs the Debian package opensc")
    done = subprocess.run([tool, "--reader", "0", *arguments], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout + done.stderr


def test_a_foreign_host_sees_our_social_security_card(room: PcscRoom) -> None:
    put(room, "devices.simulators.applets.social_security:v2")
    assert opensc("opensc-tool", "--atr").strip().replace(":", "") == social_security.ATR.hex()
    commands = [protocol.SELECT, protocol.CARD_FILE.select, bytes.fromhex("00B2030006")]
    said = opensc("opensc-tool", *(word for command in commands for word in ("--send-apdu", command.hex())))
    assert "03 04 32 2E 30 30" in said


def test_a_foreign_host_takes_our_staff_card_for_a_piv_card(room: PcscRoom) -> None:
    put(room, "devices.simulators.applets.piv:staff")
    assert "Personal Identity Verification" in opensc("opensc-tool", "--name")
    listed = opensc("pkcs15-tool", "--list-certificates")
    assert "Certificate for PIV Authentication" in listed
    assert "Certificate for Card Authentication" in listed
    assert opensc("pkcs15-tool", "--verify-pin", "--pin", piv.DEFAULT_PIN).strip() == ""
    assert "PIN code or key incorrect" in opensc("pkcs15-tool", "--verify-pin", "--pin", "135790")


@pytest.mark.parametrize(("algorithm", "mechanism"), [(0x11, "ECDSA-SHA256"), (0x07, "SHA256-RSA-PKCS")])
def test_a_foreign_host_has_our_staff_card_sign(room: PcscRoom, tmp_path: Path, algorithm: int, mechanism: str) -> None:
    if not Path(PKCS11).exists() or shutil.which("openssl") is None:
        pytest.skip("needs the Debian packages opensc-pkcs11 and openssl")
    put(room, "devices.simulators.applets.piv:PivApplet", algorithm=algorithm)
    text, signature, certificate = (str(tmp_path / name) for name in ("text", "signature", "certificate"))
    Path(text).write_bytes(b"signed by a staff card")
    base = ["pkcs11-tool", "--module", PKCS11]
    sign = ["--login", "--pin", piv.DEFAULT_PIN, "--sign", "-m", mechanism, "--id", "01", "-i", text, "-o", signature]
    run(*base, *sign, *(["--signature-format", "openssl"] if algorithm == 0x11 else []))
    run(*base, "--read-object", "--type", "cert", "--id", "01", "-o", certificate)
    key = run("openssl", "x509", "-in", certificate, "-inform", "DER", "-noout", "-pubkey")
    (tmp_path / "key").write_text(key, encoding="ascii")
    checked = run("openssl", "dgst", "-sha256", "-verify", str(tmp_path / "key"), "-signature", signature, text)
    assert "Verified OK" in checked


def test_a_foreign_host_and_a_foreign_card_understand_each_other_in_our_room(room: PcscRoom) -> None:
    """As an OpenPGP card: what jcecard answers to SELECT of PIV has no template 61, which opensc wants."""
    put(room, JCECARD)
    assert "OpenPGP card" in opensc("opensc-tool", "--name")
