"""Passive authentication against security objects, certificates and revocation lists made by `openssl` (Debian
package openssl), which nobody here wrote."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.contracts.travel_document import Authentic, Authenticity, Forged, Untrusted, Unverifiable
from devices.drivers import tlv
from devices.drivers.emrtd.csca import CscaStore
from devices.drivers.emrtd.security_object import authenticity, parse

UNHURRIED = settings(deadline=None)  # a machine that is busy elsewhere is no failure
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the Debian package openssl")

DG1, DG2 = tlv.encode(0x61, b"zone"), tlv.encode(0x75, b"face")
GROUPS = {1: DG1, 2: DG2}
HASH_OIDS = {
    "sha1": "06052B0E03021A",
    "sha224": "0609608648016503040204",
    "sha256": "0609608648016503040201",
    "sha384": "0609608648016503040202",
    "sha512": "0609608648016503040203",
}
EC = "-newkey ec -pkeyopt ec_paramgen_curve:{curve} -pkeyopt ec_param_enc:{form}"
KEYS = {
    "rsa": "-newkey rsa:2048",
    "p256": EC.format(curve="P-256", form="named_curve"),
    "p384 written out": EC.format(curve="P-384", form="explicit"),
    "brainpool256 written out": EC.format(curve="brainpoolP256r1", form="explicit"),
    "brainpool512": EC.format(curve="brainpoolP512r1", form="named_curve"),
    "secp256k1": EC.format(curve="secp256k1", form="named_curve"),
}
PSS = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1"
LEAF = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n"


def openssl(folder: Path, command: str, *, data: bytes = b"") -> bytes:
    done = subprocess.run(
        ["openssl", *command.split()], cwd=folder, input=data, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass(frozen=True)
class Country:
    """A CSCA and one document signer of it, as files in a folder."""

    folder: Path

    def sign(self, hash_name: str = "sha256", options: str = "", content: bytes | None = None) -> bytes:
        """EF.SOD."""
        (self.folder / "lds.der").write_bytes(lds_security_object(hash_name) if content is None else content)
        command = "cms -sign -binary -nodetach -nosmimecap -outform DER -econtent_type 2.23.136.1.1.1 -in lds.der "
        return tlv.encode(
            0x77, openssl(self.folder, f"{command} -signer ds.pem -inkey ds.key -md {hash_name} {options}")
        )

    @property
    def store(self) -> CscaStore:
        return CscaStore.load(self.folder / "trusted")


def lds_security_object(hash_name: str, groups: dict[int, bytes] = GROUPS) -> bytes:
    """ICAO Doc 9303-10 section 4.6.2.3, version 0, written out by hand."""
    listed = b"".join(
        tlv.encode(0x30, tlv.encode(0x02, bytes([number])) + tlv.encode(0x04, hashlib.new(hash_name, data).digest()))
        for number, data in groups.items()
    )
    algorithm = tlv.encode(0x30, bytes.fromhex(HASH_OIDS[hash_name]) + b"\x05\x00")
    return tlv.encode(0x30, b"\x02\x01\x00" + algorithm + tlv.encode(0x30, listed))


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Country]:
    made: dict[tuple[str, str, str], Country] = {}

    def make(csca: str = "rsa", signer: str = "rsa", options: str = "", name: str = "UT") -> Country:
        if (csca, signer, options + name) not in made:
            folder = tmp_path_factory.mktemp("country")
            made[csca, signer, options + name] = found(folder, KEYS[csca], KEYS[signer], options, name)
        return made[csca, signer, options + name]

    return make


def found(folder: Path, csca_key: str, signer_key: str, options: str, name: str) -> Country:
    (folder / "trusted").mkdir()
    (folder / "leaf.cnf").write_text(LEAF, encoding="ascii")
    usage = "-addext keyUsage=critical,keyCertSign,cRLSign"  # openssl's own defaults make it a CA
    openssl(folder, f"req -x509 {csca_key} -nodes -days 3650 -subj /C={name}/O=State/CN=CSCA {usage} -keyout csca.key "
            f"-out csca.pem -sha256 {options}")  # fmt: skip
    openssl(folder, f"req -new {signer_key} -nodes -subj /C={name}/O=State/CN=Signer -keyout ds.key -out ds.csr")
    openssl(folder, "x509 -req -in ds.csr -CA csca.pem -CAkey csca.key -CAcreateserial -days 1000 -extfile leaf.cnf "
            f"-out ds.pem -sha256 {options}")  # fmt: skip
    shutil.copy(folder / "csca.pem", folder / "trusted" / "csca.pem")
    return Country(folder)


def judge(sod: bytes, store: CscaStore, groups: dict[int, bytes] = GROUPS, years: float = 0) -> Authenticity:
    return authenticity(sod, groups, store, datetime.now(UTC) + timedelta(days=365 * years))


@pytest.mark.parametrize("hash_name", HASH_OIDS)
@pytest.mark.parametrize("options", ["", "-keyopt rsa_padding_mode:pss"], ids=("PKCS1", "PSS"))
def test_rsa_with_every_hash_is_authentic(country: Callable[..., Country], hash_name: str, options: str) -> None:
    land = country()
    assert judge(land.sign(hash_name, options), land.store) == Authentic("UT")


@pytest.mark.parametrize("signer", ["p256", "p384 written out", "brainpool256 written out", "brainpool512"])
def test_elliptic_curves_are_authentic_written_out_or_named(country: Callable[..., Country], signer: str) -> None:
    land = country(signer, signer)
    assert judge(land.sign(), land.store) == Authentic("UT")


def test_a_csca_that_signs_with_pss_is_authentic(country: Callable[..., Country]) -> None:
    land = country("rsa", "p256", PSS)
    assert judge(land.sign(), land.store) == Authentic("UT")


def test_a_signer_named_by_its_key_is_found(country: Callable[..., Country]) -> None:
    folder = country().folder
    (folder / "leaf.cnf").write_text(LEAF + "subjectKeyIdentifier=hash\n", encoding="ascii")
    openssl(folder, "x509 -req -in ds.csr -CA csca.pem -CAkey csca.key -CAcreateserial -days 1000 -extfile leaf.cnf "
            "-out ds.pem -sha256")  # fmt: skip
    assert judge(country().sign(options="-keyid"), country().store) == Authentic("UT")


@pytest.mark.parametrize("number", [1, 2])
def test_a_changed_data_group_is_named(country: Callable[..., Country], number: int) -> None:
    land = country()
    changed = GROUPS | {number: GROUPS[number][:-1] + b"X"}
    assert judge(land.sign(), land.store, changed) == Forged((f"dg{number}",))
    assert judge(land.sign(), CscaStore(), changed) == Forged((f"dg{number}",))  # known without knowing the country


def test_a_data_group_that_was_never_signed_is_named(country: Callable[..., Country]) -> None:
    land = country()
    assert judge(land.sign(), land.store, GROUPS | {11: b"\x6b\x00"}) == Forged(("dg11",))


def test_hashes_exchanged_in_the_signed_object_are_noticed(country: Callable[..., Country]) -> None:
    land = country()
    sod = land.sign()
    forged_dg1 = tlv.encode(0x61, b"ZONE")
    swapped = sod.replace(hashlib.sha256(DG1).digest(), hashlib.sha256(forged_dg1).digest())
    assert judge(swapped, land.store, {1: forged_dg1, 2: DG2}) == Forged(("signature",))


def test_a_changed_signature_is_forged(country: Callable[..., Country]) -> None:
    land = country()
    sod = land.sign()
    signature = parse(sod).signature
    assert judge(sod.replace(signature, signature[:-1] + bytes([signature[-1] ^ 1])), land.store) == Forged(
        ("signature",)
    )


def test_an_unknown_country_is_untrusted_and_not_forged(country: Callable[..., Country]) -> None:
    assert judge(country().sign(), CscaStore()) == Untrusted("no-csca")
    assert judge(country().sign(), country("p256", "p256", name="XX").store) == Untrusted("no-csca")


def test_another_key_of_the_same_name_is_untrusted(country: Callable[..., Country]) -> None:
    assert judge(country().sign(), country("p256", "p256").store) == Untrusted("no-csca")


def test_a_certificate_that_names_the_countrys_key_and_was_not_signed_by_it_is_forged(
    country: Callable[..., Country],
) -> None:
    land = country()
    sod = land.sign()
    der = openssl(land.folder, "x509 -in ds.pem -outform DER")
    assert der in sod
    assert judge(sod.replace(der, der[:-1] + bytes([der[-1] ^ 1])), land.store) == Forged(("signer",))


@pytest.mark.parametrize(
    "purpose",
    [
        LEAF + "extendedKeyUsage=serverAuth\n",
        LEAF + "extendedKeyUsage=2.23.136.1.1.3\n",
        LEAF.replace("digitalSignature", "keyAgreement"),
        LEAF.replace("CA:FALSE", "CA:TRUE"),
    ],
    ids=("web server", "master list", "key agreement", "authority"),
)
def test_a_certificate_of_the_country_for_another_purpose_signs_no_document(
    country: Callable[..., Country], tmp_path: Path, purpose: str
) -> None:
    land = country()
    for name in ("csca.pem", "csca.key", "ds.csr", "ds.key"):
        shutil.copy(land.folder / name, tmp_path / name)
    (tmp_path / "leaf.cnf").write_text(purpose, encoding="ascii")
    openssl(tmp_path, "x509 -req -in ds.csr -CA csca.pem -CAkey csca.key -CAcreateserial -days 9 -extfile leaf.cnf "
            "-out ds.pem -sha256")  # fmt: skip
    assert judge(Country(tmp_path).sign(), land.store) == Untrusted("signer-not-for-documents")


def test_a_signer_that_is_not_sent_along_is_named(country: Callable[..., Country]) -> None:
    land = country()
    assert judge(land.sign(options="-nocerts"), land.store) == Untrusted("signer-missing")


@pytest.mark.parametrize(("years", "reason"), [(5, "signer-not-valid-now"), (-1, "signer-not-valid-now")])
def test_certificates_are_valid_for_their_time_only(country: Callable[..., Country], years: int, reason: str) -> None:
    land = country()
    assert judge(land.sign(), land.store, years=years) == Untrusted(reason)


def test_a_curve_that_travel_documents_may_not_use_is_unverifiable(country: Callable[..., Country]) -> None:
    land = country("rsa", "secp256k1")
    assert judge(land.sign(), land.store) == Unverifiable("algorithm")


def test_a_revoked_signer_is_untrusted_and_a_list_of_another_says_nothing(country: Callable[..., Country]) -> None:
    land = country("rsa", "rsa", name="RV")
    other = country("p256", "p256", name="RV")
    for place in (land, other):
        (place.folder / "index.txt").write_text("", encoding="ascii")
        (place.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncertificate=csca.pem\nprivate_key=csca.key\n"
            "default_md=sha256\ndefault_crl_days=30\n", encoding="ascii"
        )  # fmt: skip
        shutil.copy(land.folder / "ds.pem", place.folder / "revoked.pem")
        openssl(place.folder, "ca -config ca.cnf -revoke revoked.pem")
        openssl(place.folder, "ca -config ca.cnf -gencrl -out list.crl")
    sod = land.sign()
    shutil.copy(other.folder / "list.crl", land.folder / "trusted" / "list.crl")  # same name, another key
    assert judge(sod, land.store) == Authentic("RV")
    shutil.copy(land.folder / "list.crl", land.folder / "trusted" / "list.crl")
    assert judge(sod, land.store) == Untrusted("signer-revoked")


def test_the_store_says_whom_it_believes_and_which_files_it_cannot_use(
    country: Callable[..., Country], tmp_path: Path
) -> None:
    land = country()
    shutil.copy(land.folder / "csca.pem", tmp_path / "a.pem")
    (tmp_path / "b.cer").write_bytes(openssl(land.folder, "x509 -in csca.pem -outform DER"))
    shutil.copy(land.folder / "ds.pem", tmp_path / "signer.pem")  # may not sign certificates: no anchor
    (tmp_path / "torn.der").write_bytes((tmp_path / "b.cer").read_bytes()[:-7])
    (tmp_path / "big.cer").write_bytes(bytes(100_000))
    (tmp_path / "noise.crl").write_bytes(b"\x30\x03\x02\x01\x00")
    (tmp_path / "README.txt").write_text("not one", encoding="ascii")
    store = CscaStore.load(tmp_path)
    assert (len(store), store.countries) == (2, ("UT",))
    assert store.unreadable == ("big.cer", "noise.crl", "signer.pem", "torn.der")
    assert len(CscaStore.load(tmp_path / "nowhere")) == len(CscaStore.load(None)) == 0


@pytest.mark.parametrize("content", [b"", b"\x30\x00", b"\x05\x00", b"\x77" * 50])
def test_a_signature_over_something_else_is_no_security_object(country: Callable[..., Country], content: bytes) -> None:
    land = country()
    assert judge(land.sign(content=content), land.store) == Unverifiable("security-object")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_to_a_security_object_makes_a_changed_group_authentic(
    country: Callable[..., Country], draw: st.DataObject
) -> None:
    land = country("p256", "p256")
    sod = land.sign() if not SIGNED else SIGNED[0]
    SIGNED[:] = [sod]
    place = draw.draw(st.integers(0, len(sod) - 1))
    bad = sod[:place] + draw.draw(st.binary(min_size=1, max_size=4)) + sod[place + draw.draw(st.integers(0, 4)) :]
    verdict = judge(bad, land.store, {1: tlv.encode(0x61, b"ZONE"), 2: DG2})
    assert not isinstance(verdict, Authentic)


SIGNED: list[bytes] = []


@UNHURRIED
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_judged_without_a_crash(data: bytes, wrapped: bool) -> None:
    assert judge(tlv.encode(0x77, data) if wrapped else data, CscaStore()) == Unverifiable("security-object")
