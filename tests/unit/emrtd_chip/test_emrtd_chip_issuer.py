"""The simulated issuer's documents, read back; OpenSSL, which nobody here wrote, judges EF.SOD."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from devices.simulators.deck import DEFAULT_TODAY
from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import objects
from devices.simulators.emrtd_issuer import COM, SOD, issue
from devices.simulators.emrtd_traveller import make_travellers
from tests.unit.emrtd_chip.chip_room import bac, read_all


class TestIssuer:
    """What the authority of Utopia issues; OpenSSL judges the signature."""

    def test_the_same_seed_gives_the_same_document(self) -> None:
        assert issue("card", seed=5).files == issue("card", seed=5).files
        assert issue("card", seed=5).files != issue("card", seed=6).files

    def test_every_role_is_issued_and_read(self) -> None:
        people = make_travellers()
        assert people["expired"].expiry < DEFAULT_TODAY <= people["minor"].expiry
        for role, person in people.items():
            document = issue(role)
            assert read_all(bac(EmrtdChip(document), document.mrz_key), 0x0101)[5:] == "".join(document.mrz).encode()
            assert {len(line) for line in document.mrz} == {44 if person.code == "P" else 30}

    def test_a_name_in_national_characters_stands_in_a_group_of_its_own(self) -> None:
        document = issue("native_name")
        terminal = bac(EmrtdChip(document), document.mrz_key)
        ((tag, group),) = objects(read_all(terminal, 0x010B))
        assert (tag, dict(objects(group))[0x5F0E].decode()) == (0x6B, "样例<<文清")
        assert dict(objects(read_all(terminal, COM)[2:]))[0x5C] == b"\x61\x75\x6b"

    @pytest.mark.parametrize(("image", "kind"), [("jpeg", "JPEG"), ("jpeg2000", "JPEG2000")])
    def test_the_face_is_a_record_of_iso_19794_5(self, image: str, kind: str) -> None:
        ((_, group),) = objects(issue(image=image).files[0x0102])
        ((_, templates),) = objects(group)
        record = dict(objects(dict(objects(templates))[0x7F60]))[0x5F2E]
        assert record[:8] == b"FAC\x00010\x00"
        assert struct.unpack(">IH", record[8:14]) == (len(record), 1)
        assert struct.unpack(">IH", record[14:20]) == (len(record) - 14, 0)
        picture = Image.open(io.BytesIO(record[46:]))
        assert (picture.format, picture.size) == (kind, struct.unpack(">HH", record[36:40]))

    def test_pictures_of_people_come_from_the_same_place_as_on_cards(self) -> None:
        pytest.importorskip("skimage")
        assert len(issue(picture="portrait").files[0x0102]) > 3000
        assert issue(picture="stranger:3").files[0x0102] != issue(picture="stranger:4").files[0x0102]

    @pytest.mark.parametrize(
        ("algorithm", "forged", "verdict"),
        [
            ("ecdsa", (), "successful"),
            ("rsa", (), "successful"),
            ("rsa-pss", (), "successful"),
            ("ecdsa", ("dg1",), "successful"),  # the signature is good: only the digest of DG1 tells
            ("ecdsa", ("signature",), "failure"),
            ("rsa", ("signature",), "failure"),
            ("rsa-pss", ("signature",), "failure"),
            ("ecdsa", ("unknown-csca",), "unable to get local issuer certificate"),
            ("ecdsa", ("expired-signer",), "certificate has expired"),
        ],
    )
    def test_openssl_judges_the_security_object(
        self, tmp_path: Path, algorithm: str, forged: tuple[str, ...], verdict: str
    ) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs Debian's openssl")
        document = issue("card", algorithm=algorithm, forged=forged)
        ((tag, signed),) = objects(document.files[SOD])
        assert tag == 0x77
        (tmp_path / "sod").write_bytes(signed)
        certificate = x509.load_der_x509_certificate(document.csca)
        (tmp_path / "csca").write_bytes(certificate.public_bytes(Encoding.PEM))
        at = datetime(DEFAULT_TODAY.year, DEFAULT_TODAY.month, DEFAULT_TODAY.day).timestamp()
        command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "sod", "-CAfile", "csca", "-purpose", "any"]
        command += ["-attime", str(int(at)), "-out", "lds"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20)
        assert verdict in done.stderr
        assert (done.returncode == 0) is (verdict == "successful")

    def test_a_digest_tells_a_changed_data_group(self) -> None:
        honest, forged = issue("card"), issue("card", forged=("dg1", "dg2"))
        assert honest.files[SOD] == forged.files[SOD]
        assert honest.files[0x0101] != forged.files[0x0101]
        assert honest.files[0x0102] != forged.files[0x0102]

    @pytest.mark.parametrize("wrong", [{"forged": ("dg9",)}, {"algorithm": "md5"}, {"image": "gif"}, {"picture": "me"}])
    def test_wrong_options_are_told(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="must be"):
            issue(**wrong)  # type: ignore[arg-type]


_: Callable[[], EmrtdChip] = lambda: EmrtdChip(issue())  # noqa: E731  # a Document of the issuer is what a chip takes
