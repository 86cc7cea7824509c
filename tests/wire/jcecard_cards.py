"""Cards that nobody here wrote: PyPI jcecard's PIV application, as applets for the room and for tests.

jcecard 0.1.0 as observed: SELECT by the RID alone (A000000308); it keeps any object under any number, but puts the
certificate of key 9E under another (5FC108) when it makes one itself; ECDSA P-256 signs, RSA does not (it pads what it
is given and writes lengths over 127 wrongly); tries of the PIN and 6983 are right; SELECT forgets the PIN.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import tempfile
import warnings
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

RID = bytes.fromhex("A000000308")
MANAGEMENT_KEY = bytes.fromhex("010203040506070801020304050607080102030405060708")
PIN = "123456"  # jcecard's own
CERTIFICATE_OF = {"9E": "5FC101", "9A": "5FC105"}


class JceCard:
    """jcecard's card, provisioned over APDUs as an issuer would: keys made on the card, certificates put on it."""

    def __init__(self, keys: tuple[str, ...] = ("9E", "9A"), *, copy: bool = False, whole_names: bool = False) -> None:
        from jcecard.main import OpenPGPCard

        logging.getLogger("jcecard").setLevel(logging.CRITICAL)
        folder = tempfile.mkdtemp(prefix="kiosk-jcecard-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.card = OpenPGPCard(storage_path=Path(folder))
        self.atr = bytes(self.card.get_atr())
        self._whole_names = whole_names
        self.commands: list[bytes] = []
        self._provision(keys)
        if copy:  # new keys on the card, under the certificates of the old ones
            self._manage()
            for key in keys:
                self._make_key(key)
        self.reset()
        self.commands.clear()

    def reset(self) -> None:
        self.card.reset()

    def answer(self, apdu: bytes) -> bytes:
        self.commands.append(apdu)
        if self._whole_names and apdu[1] == 0xA4 and apdu[5:10] == RID:
            apdu = apdu[:4] + bytes([len(RID)]) + RID  # for hosts that select by the whole name
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # jcecard imports TripleDES from where it stood in earlier versions
            return bytes(self.card.process_apdu(apdu))

    def _send(self, apdu: bytes) -> bytes:
        answer = self.answer(apdu)
        if answer[-2:] != b"\x90\x00":
            raise RuntimeError(f"jcecard: {apdu[:4].hex()} -> {answer[-2:].hex()}")
        return answer[:-2]

    def _manage(self) -> None:
        """Authenticate with the management key 9B (3DES): decrypt the card's witness, give it a challenge."""
        self._send(bytes([0, 0xA4, 4, 0, len(RID)]) + RID)
        witness = self._send(bytes.fromhex("008703 9B 04 7C 02 80 00".replace(" ", "")))[-8:]
        plain = _cipher(MANAGEMENT_KEY).decryptor().update(witness)
        body = b"\x7c\x14\x80\x08" + plain + b"\x81\x08" + bytes(8)
        self._send(bytes.fromhex("0087039B") + bytes([len(body)]) + body)

    def _provision(self, keys: tuple[str, ...]) -> None:
        from jcecard.piv import PIVDataObjects

        self._manage()
        self._put(bytes.fromhex("5FC102"), PIVDataObjects.create_default_chuid())
        for key in keys:
            der = _certificate(self._make_key(key))
            inner = b"\x70\x82" + len(der).to_bytes(2, "big") + der + b"\x71\x01\x00\xfe\x00"
            self._put(bytes.fromhex(CERTIFICATE_OF[key]), inner)

    def _make_key(self, key: str) -> bytes:
        answer = self._send(bytes.fromhex(f"004700{key}05AC03800111"))
        return answer[answer.index(b"\x86\x41\x04") + 2 :]

    def _put(self, tag: bytes, content: bytes) -> None:
        data = b"\x5c\x03" + tag + b"\x53\x82" + len(content).to_bytes(2, "big") + content
        for at in range(0, len(data), 255):
            part, last = data[at : at + 255], at + 255 >= len(data)
            self._send(bytes([0x00 if last else 0x10, 0xDB, 0x3F, 0xFF, len(part)]) + part)


def card(**options: Any) -> JceCard:
    """``keys``, ``copy``, ``whole_names``."""
    return JceCard(**options)


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    return Cipher(TripleDES(key), modes.ECB())  # as the card's standard has it


def _certificate(point: bytes) -> bytes:
    """For a public key on the card, signed by an issuer made up here."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    issuer = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sample issuer")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point),
        serial_number=1,
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=365),
    )
    return builder.sign(issuer, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
