"""电子证照标识 (GB/T 36904-2018): numbers that others have made are read, one changed place is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from kiosk.domain import licence_id
from kiosk.domain.licence_id import ALPHABET, BadLicenceId, LicenceId, parse

# Published in interface documents and file names of others: housing ministry, Hunan, Zhejiang, Jilin, Hefei.
OTHERS = (
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
)
CORRECTED = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S"  # of the first, by them as well
PARTS = st.text(ALPHABET, min_size=1, max_size=32)
CASE = "140213261122000003187"


@pytest.mark.parametrize("text", OTHERS)
def test_numbers_that_others_made_are_read_and_written_alike(text: str) -> None:
    assert str(parse(text)) == text


@settings(max_examples=40)
@given(PARTS, PARTS, PARTS, st.integers(1, 999))
def test_the_check_place_is_what_another_library_computes(kind: str, issuer: str, serial: str, version: int) -> None:
    made = LicenceId(kind, issuer, serial, version)
    body = f"{kind}{issuer}{serial}{version:03d}"
    assert str(made)[-1] == mod_37_36.calc_check_digit(body)
    assert parse(str(made)) == made


@pytest.mark.parametrize("text", OTHERS)
def test_every_changed_place_is_found(text: str) -> None:
    for at, place in enumerate(text):
        if place != ".":
            other = ALPHABET[(ALPHABET.index(place) + 1) % 36]
            with pytest.raises(BadLicenceId):
                parse(text[:at] + other + text[at + 1 :])


def test_a_correction_counts_the_version_up_and_nothing_else() -> None:
    first = LicenceId("0" * 21, "0" * 18, CASE)
    assert str(parse(OTHERS[0]).corrected()) == CORRECTED
    second = first.corrected()
    assert str(first).split(".")[:8] == str(second).split(".")[:8]
    assert (first.version, second.version) == (1, 2)
    assert ".002." in str(second)
    with pytest.raises(BadLicenceId):
        LicenceId("0", "0", "0", 999).corrected()


@pytest.mark.parametrize(
    "text", ["", "1.2.156.3005.2", "1.2.156.3005.3.A.B.C.001.0", OTHERS[0].lower(), OTHERS[0] + " ", f" {OTHERS[0]}",
             "1.2.156.3005.2.A.B.C.1.0", "1.2.156.3005.2.A..C.001.0", "1.2.156.3005.2.A.B.C.000.0",
             "1.2.156.3005.2.A.B.C.D.001.0", "1.2.156.3005.2.张.B.C.001.0"]
)  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadLicenceId):
        parse(text)


def test_a_case_number_serves_as_serial() -> None:
    assert parse(str(LicenceId("0" * licence_id.TYPE_PLACES, "0" * 18, CASE))).serial == CASE
