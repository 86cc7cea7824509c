"""A credit code says of which serial it was made, and no other text does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain import codes

AREA = "330102"
SERIALS = st.integers(0, codes.SUBJECT_SERIALS - 1)


@given(SERIALS)
def test_the_serial_of_a_code_is_the_one_it_was_made_of(serial):
    code = codes.credit_code(AREA, serial)
    assert codes.credit_serial(AREA, code) == serial
    assert codes.credit_serial("440300", code) is None


@given(SERIALS, st.integers(0, 17), st.sampled_from(codes.CREDIT_ALPHABET + "IOVZ 王"))
def test_a_code_with_another_place_has_none(serial, at, place):
    code = codes.credit_code(AREA, serial)
    other = code[:at] + place + code[at + 1 :]
    found = codes.credit_serial(AREA, other)
    assert found is None or codes.credit_code(AREA, found) == other


@given(st.text(alphabet=codes.CREDIT_ALPHABET, max_size=20))
def test_what_is_no_code_has_none(text):
    for code in (text, codes.credit_code(AREA, 1)[:10] + text):
        found = codes.credit_serial(AREA, code)
        assert found is None or codes.credit_code(AREA, found) == code
