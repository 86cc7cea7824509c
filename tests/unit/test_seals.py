"""Seals: what was sealed is genuine for whoever checks, one changed bit is found, nobody else's seal is believed."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from PIL import Image

from kiosk import cli, wire
from kiosk.backend.seal_desk import Wanted, seal_key
from kiosk.backend.seal_keys import SealKeys
from kiosk.backend.settings import BackendError, Settings
from kiosk.papers.listing import SealKey
from kiosk.seals import making
from kiosk.seals.checking import Verdict, check
from kiosk.seals.errors import SealError
from kiosk.seals.figure import figure
from kiosk.seals.sealer import Sealer, load_key
from kiosk.seals.sealing import _writer, seal, seal_sm2
from kiosk.suites import shangmi

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
NAME = "平城区民政局"
PLACE = (300.0, 100.0, 119.0)


def plain() -> bytes:
    """A page that somebody else has written."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.setKeywords("P1.NOTHING")
    canvas.drawString(72, 720, "certificate")
    canvas.save()
    return out.getvalue()


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    key = making.new_key()
    return Sealer(NAME, key, making.sample_certificate(NAME, key, NOW - timedelta(days=1), 365),
                  sm2=shangmi.new_signing_pair()[0])  # fmt: skip


@pytest.fixture(scope="module")
def sealed(sealer: Sealer) -> bytes:
    return seal(plain(), sealer, reason="证照签发", at=NOW, place=PLACE)


def vouched(sealer: Sealer, **change: str) -> list[SealKey]:
    key = wire.b64(shangmi.public_of(sealer.sm2)) if sealer.sm2 else ""
    return [
        SealKey(**({"authority": NAME, "certificate": wire.b64(sealer.certificate), "since": "", "sm2": key} | change))
    ]  # type: ignore[arg-type]


def test_it_says_who_when_and_why(sealer: Sealer, sealed: bytes) -> None:
    found = check(sealed, NOW, vouched=vouched(sealer))
    assert (found.verdict, found.authority, found.sealed_at, found.reason) == (Verdict.GENUINE, NAME, NOW, "证照签发")
    assert found.mark == "P1.NOTHING"
    assert found.notes == ("sample",)
    assert check(sealed, NOW, trusted=[sealer.certificate]).verdict is Verdict.GENUINE
    assert check(sealed, NOW).verdict is Verdict.UNVOUCHED, "whoever makes a key makes a seal"


def test_no_bit_can_be_changed_unseen(sealer: Sealer, sealed: bytes) -> None:
    chance = random.Random(1)
    gap = sealed.index(b"/Contents <") + len(b"/Contents <")
    end = sealed.index(b">", gap)
    places = [*chance.sample(range(len(sealed)), 20), *chance.sample(range(gap, end), 25), gap, end - 1, end - 2]
    for place in places:
        changed = bytearray(sealed)
        changed[place] ^= 1 << chance.randrange(8)
        assert check(bytes(changed), NOW, vouched=vouched(sealer)).verdict is not Verdict.GENUINE, place
    for other in (sealed + b"\n", sealed[:-1], sealed[: len(sealed) // 2], b"", b"%PDF-", plain() + sealed):
        assert check(other, NOW, vouched=vouched(sealer)).verdict in (Verdict.ALTERED, Verdict.NO_SEAL)
    assert check(plain(), NOW, vouched=vouched(sealer)).verdict is Verdict.NO_SEAL


def test_another_programs_pdf_that_is_not_to_the_letter_is_unsealed_and_not_altered() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (10, 10)).save(picture, "PDF")  # its table of objects begins with generation 65536
    assert check(picture.getvalue(), NOW).verdict is Verdict.NO_SEAL


def test_what_is_added_afterwards_is_found(sealer: Sealer, sealed: bytes) -> None:
    """An update behind the signature, as programs that edit PDF make it."""
    out, writer = io.BytesIO(), _writer(sealed)
    writer.root["/Lang"] = writer.root["/Type"]
    writer.update_root()
    writer.write(out)
    assert out.getvalue().startswith(sealed)
    assert check(out.getvalue(), NOW, vouched=vouched(sealer)).verdict is Verdict.ALTERED


def test_the_seal_of_another_is_not_this_one_s(sealer: Sealer, sealed: bytes) -> None:
    key = making.new_key()
    other = making.sample_certificate(NAME, key, NOW - timedelta(days=1), 365)  # the same name
    forged = seal(plain(), Sealer(NAME, key, other), reason="x", at=NOW, place=PLACE)
    assert check(forged, NOW, vouched=vouched(sealer)).verdict is Verdict.UNKNOWN_SEAL
    assert check(sealed, NOW, trusted=[other]).verdict is Verdict.UNKNOWN_SEAL
    assert check(sealed, NOW, vouched=vouched(sealer, withdrawn=NOW.isoformat())).verdict is Verdict.WITHDRAWN
    with_a_foreign_certificate = Sealer(NAME, key, sealer.certificate)
    made = seal(plain(), with_a_foreign_certificate, reason="x", at=NOW, place=PLACE)
    assert check(made, NOW, vouched=vouched(sealer)).verdict is Verdict.ALTERED


def test_time_runs_out(sealer: Sealer, sealed: bytes) -> None:
    later = NOW + timedelta(days=400)
    assert check(sealed, later, trusted=[sealer.certificate]).verdict is Verdict.EXPIRED
    found = check(sealed, later, vouched=vouched(sealer))
    assert (found.verdict, found.notes) == (Verdict.GENUINE, ("sample", "certificate-expired"))
    for at in (later, NOW - timedelta(days=2)):
        with pytest.raises(SealError) as caught:
            seal(plain(), sealer, reason="x", at=at, place=PLACE)
        assert caught.value.code == "seal-out-of-time"
    with pytest.raises(SealError) as caught:
        seal(b"no pdf", sealer, reason="x", at=NOW, place=PLACE)
    assert caught.value.code == "not-a-pdf"


def test_sm2_beside_the_file_holds_for_it_alone(sealer: Sealer, sealed: bytes) -> None:
    beside = seal_sm2(sealed, sealer)
    assert check(sealed, NOW, vouched=vouched(sealer), sm2=beside).notes == ("sample", "sm2")
    told = json.loads(beside)
    another = seal_sm2(sealed, Sealer(NAME, b"", b"", sm2=shangmi.new_signing_pair()[0]))
    bad = (seal_sm2(sealed[:-1], sealer), another, b"{}", b"", json.dumps(told | {"signature": told["key"]}).encode())
    for other in bad:
        assert check(sealed, NOW, vouched=vouched(sealer), sm2=other).verdict is Verdict.ALTERED


def test_openssl_checks_the_sm2_signature(sealer: Sealer, sealed: bytes, tmp_path: Path) -> None:
    told = json.loads(seal_sm2(sealed, sealer))
    head = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")  # SubjectPublicKeyInfo of SM2
    (tmp_path / "key.der").write_bytes(head + wire.unb64(told["key"]))
    (tmp_path / "signature").write_bytes(wire.unb64(told["signature"]))
    (tmp_path / "file.pdf").write_bytes(sealed)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-digest"]
    command += ["sm3", "-pkeyopt", "distid:1234567812345678", "-in", "file.pdf", "-sigfile", "signature"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "file.pdf").write_bytes(sealed[:-1])
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is missing: apt-get install poppler-utils")
def test_poppler_finds_the_signature_valid_and_the_whole_file_signed(sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)
    said = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert NAME in said
    file.write_bytes(sealed[:300] + bytes([sealed[300] ^ 1]) + sealed[301:])
    said = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" not in said


def test_a_sample_is_seen_to_be_one(sealer: Sealer, sealed: bytes) -> None:
    """Red ink where the seal goes, and another picture than that of a seal that a CA vouches for."""
    with pypdfium2.PdfDocument(sealed) as document:
        document.init_forms()
        picture = document[0].render(scale=1.0, may_draw_forms=True).to_numpy()
    left, low, side = (int(number) for number in PLACE)
    height = picture.shape[0]
    spot = picture[height - low - side : height - low, left : left + side].astype(int)
    red = (abs(spot[..., 2] - spot[..., 0]) > 60).mean()
    assert 0.02 < red < 0.5
    assert figure(NAME, 119.0, sample=True) != figure(NAME, 119.0, sample=False)
    assert "OU=样章 SAMPLE" in x509.load_der_x509_certificate(sealer.certificate).subject.rfc4514_string()


# -- keys at the office ---------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(f"sqlite:///{tmp_path}/backend.db", str(tmp_path / "blobs"), clock=lambda: NOW)


@pytest.fixture
def keys(settings: Settings) -> SealKeys:
    return SealKeys(settings.seals_path(), settings.clock)


def authority_of(pem: bytes, ca: ec.EllipticCurvePrivateKey) -> bytes:
    """What a CA answers to a request, with its own certificate behind it (PEM)."""
    asked = x509.load_pem_x509_csr(pem)
    assert asked.is_signature_valid
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "某 CA")])

    def certificate(subject: x509.Name, public: object, *, of_ca: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(7)
        builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=90))
        builder = builder.public_key(public).add_extension(  # type: ignore[arg-type]
            x509.BasicConstraints(ca=of_ca, path_length=None), critical=True
        )
        return builder.sign(ca, hashes.SHA256())

    made = certificate(asked.subject, asked.public_key(), of_ca=False), certificate(issuer, ca.public_key(), of_ca=True)
    return b"".join(each.public_bytes(Encoding.PEM) for each in made)


def test_a_ca_s_certificate_makes_it_a_true_seal(keys: SealKeys, settings: Settings, tmp_path: Path) -> None:
    ca, asked, answer = ec.generate_private_key(ec.SECP256R1()), tmp_path / "asked.pem", tmp_path / "answer.pem"
    seal_key(settings, Wanted(NAME, request=asked))
    assert keys.sealer(NAME) is None, "its certificate is still to come"
    answer.write_bytes(authority_of(asked.read_bytes(), ca))
    seal_key(settings, Wanted(NAME, certificate=answer))
    mine = keys.sealer(NAME)
    assert mine is not None
    assert not mine.sample
    made = seal(plain(), mine, reason="证照签发", at=NOW, place=PLACE)
    _, root = making.certificates_in(answer.read_bytes())
    assert check(made, NOW, trusted=[root]).verdict is Verdict.GENUINE
    assert check(made, NOW, trusted=[root]).notes == ()
    assert check(made, NOW, vouched=keys.public()).verdict is Verdict.GENUINE
    with pytest.raises(BackendError, match="seal-not-fitting"):
        keys.install(NAME, answer.read_bytes())


def test_a_key_from_a_ca_is_brought_as_pkcs12(keys: SealKeys) -> None:
    private = rsa.generate_private_key(65537, 2048)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = x509.load_der_x509_certificate(making.sample_certificate(NAME, der, NOW - timedelta(days=1), 30))
    data = pkcs12.serialize_key_and_certificates(
        b"seal", private, certificate, None, BestAvailableEncryption(b"secret")
    )
    with pytest.raises(BackendError, match="seal-damaged"):
        keys.bring(NAME, data, b"wrong")
    assert keys.all() == [], "nothing is kept of what does not open"
    keys.bring(NAME, data, b"secret")
    mine = keys.sealer(NAME)
    assert mine is not None
    assert (
        check(seal(plain(), mine, reason="x", at=NOW, place=PLACE), NOW, vouched=keys.public()).verdict
        is Verdict.GENUINE
    )


def test_each_authority_has_its_own_and_the_newest_is_used(keys: SealKeys, settings: Settings) -> None:
    keys.make(NAME, 30)
    first = keys.sealer(NAME)
    keys.make("某局", 30)
    later = SealKeys(settings.seals_path(), lambda: NOW + timedelta(days=20))
    later.make(NAME, 30)
    second = later.sealer(NAME)
    assert first is not None
    assert second is not None
    assert first.certificate != second.certificate
    assert keys.sealer("别的局") is None
    assert {each.authority for each in keys.public()} == {NAME, "某局"}
    assert SealKeys(settings.seals_path(), lambda: NOW + timedelta(days=60)).sealer(NAME) is None
    for name in ("", "长" * 65, "a\nb"):
        with pytest.raises(BackendError, match="bad-authority"):
            keys.make(name)


def test_the_command_makes_lists_and_withdraws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = ["backend", "seal-key", "--db", f"sqlite:///{tmp_path}/backend.db", "--blobs", str(tmp_path / "blobs")]
    before = os.umask(0o077)
    try:
        assert cli.main([*usual, "--authority", NAME, "--valid-days", "9", "--source", "file"]) == 0
        assert cli.main(usual) == 0
        assert cli.main([*usual, "--authority", NAME, "--withdraw"]) == 0
        assert cli.main(usual) == 0
        assert cli.main([*usual, "--authority", NAME, "--pkcs12", str(tmp_path / "none")]) == 2
    finally:
        os.umask(before)
    made, listed, withdrawn, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert (made["authority"], made["sample"], listed) == (NAME, True, made)
    assert withdrawn == {"authority": NAME, "withdrawn": 1}
    assert after["withdrawn"]


def test_secrets_are_their_owner_s_alone_and_repr_tells_none(keys: SealKeys, settings: Settings) -> None:
    keys.make(NAME)
    for file in settings.seals_path().iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    mine = keys.sealer(NAME)
    assert mine is not None
    assert repr(mine) == f"Sealer({NAME}, sample)"
    public = load_key(mine.key).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert making.fits(mine.key, mine.certificate)
    assert public in mine.certificate
