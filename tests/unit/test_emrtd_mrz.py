"""The machine readable zone against the specimens of ICAO Doc 9303, and against whatever a scanner may deliver."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.travel_document import MrzKey, TravelDocumentKind
from devices.drivers.emrtd import mrz

UNHURRIED = settings(deadline=None)  # a machine that is busy elsewhere is no failure
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
SPECIMENS = {"TD3": (TD3, "L898902C3"), "TD2": (TD2, "D23145890"), "TD1": (TD1, "D23145890")}
TODAY = date(2026, 11, 26)
ZONE_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"


@pytest.mark.parametrize("layout", SPECIMENS)
def test_the_standards_specimens_are_read(layout: str) -> None:
    text, number = SPECIMENS[layout]
    zone = mrz.parse(text)
    assert zone.layout == layout
    assert (zone.surname, zone.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert (zone.number, zone.issuing_state, zone.nationality) == (number, "UTO", "UTO")
    assert (zone.birth, zone.sex, zone.expiry) == ("740812", "F", "120415")
    assert zone.optional_data == ("ZE184226B" if layout == "TD3" else "")
    assert zone.key == MrzKey(number, "740812", "120415")


@pytest.mark.parametrize("layout", SPECIMENS)
def test_lines_may_be_run_together_spaced_and_in_lower_case(layout: str) -> None:
    text, _ = SPECIMENS[layout]
    assert mrz.parse(text.replace("\n", "")) == mrz.parse(text)
    assert mrz.parse(f"  {text.lower()}\r\n") == mrz.parse(text)


def test_the_standards_check_digits() -> None:
    assert mrz.check_digit("520727") == "3"
    assert mrz.check_digit("AB2134<<<") == "5"
    assert mrz.check_digit("D23145890734") == "9"


def changed_at(text: str, place: int, character: str) -> str:
    return text[:place] + character + text[place + 1 :]


@pytest.mark.parametrize("layout", SPECIMENS)
def test_one_misread_digit_in_a_guarded_field_is_noticed(layout: str) -> None:
    text, _ = SPECIMENS[layout]
    start = text.index("\n") + 1 if layout != "TD1" else 5
    for place in range(start, start + 9):
        if text[place].isdigit():
            wrong = str((int(text[place]) + 1) % 10)
            with pytest.raises(mrz.BadMrz) as caught:
                mrz.parse(changed_at(text, place, wrong))
            assert caught.value.what == "document number"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "length"),
        ("P<UTO", "length"),
        (TD3[:-1], "length"),
        (TD3.replace("ERIKSSON", "ERIKSSÖN"), "character set"),
        (TD3.replace("7408122", "7409122"), "date of birth"),
        (TD3.replace("1204159", "1204158"), "date of expiry"),
        (TD3.replace("ZE184226B", "ZE184227B"), "personal number"),
        (TD3[:-1] + "1", "overall check digit"),
        (TD1.replace("<6\nERIK", "<7\nERIK"), "overall check digit"),
    ],
)
def test_what_is_wrong_is_named_and_not_shown(text: str, what: str) -> None:
    with pytest.raises(mrz.BadMrz) as caught:
        mrz.parse(text)
    assert caught.value.what == what
    assert not any(word in str(caught.value) for word in ("L898902", "ERIKSSON", "7409", "ZE18"))


def test_a_signed_zone_is_not_refused_for_a_check_digit_that_opens_nothing() -> None:
    slipped = TD3[:-1] + "9"
    assert mrz.parse(slipped, signed=True) == mrz.parse(TD3)
    with pytest.raises(mrz.BadMrz):
        mrz.parse(TD3.replace("7408122", "7409122"), signed=True)


def test_an_empty_personal_number_may_have_a_filler_or_zero_as_check_digit() -> None:
    body = "L898902C36UTO7408122F1204159" + "<" * 14
    for check in "<0":
        line = body + check
        covered = line[:10] + line[13:20] + line[21:43]
        assert mrz.parse(TD3.split("\n")[0] + line + mrz.check_digit(covered)).optional_data == ""


@pytest.mark.parametrize(
    ("code", "state", "kind"),
    [
        ("P<", "CHN", TravelDocumentKind.PASSPORT),
        ("PO", "CHN", TravelDocumentKind.PASSPORT),
        ("CR", "CHN", TravelDocumentKind.HK_MACAO_RESIDENT),
        ("CT", "CHN", TravelDocumentKind.TAIWAN_RESIDENT),
        ("CR", "UTO", TravelDocumentKind.OTHER),
        ("I<", "UTO", TravelDocumentKind.OTHER),
    ],
)
def test_kinds_go_by_document_code_and_state(code: str, state: str, kind: TravelDocumentKind) -> None:
    assert mrz.parse(code + state + TD1[5:]).kind is kind


def test_the_one_line_of_an_exit_permit_is_read_where_its_check_digits_agree() -> None:
    number, expiry, birth = "C12345678", "290316", "900101"
    line = f"CS{number}{mrz.check_digit(number)}<{expiry}{mrz.check_digit(expiry)}<{birth}{mrz.check_digit(birth)}<0"
    zone = mrz.parse(line)
    assert zone.key == MrzKey(number, birth, expiry)
    assert zone.kind is TravelDocumentKind.TO_HK_MACAO
    with pytest.raises(mrz.BadMrz):
        mrz.parse(changed_at(line, 15, "1"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("740812", date(1974, 8, 12)),
        ("261126", date(2026, 11, 26)),
        ("261127", date(1926, 11, 27)),
        ("000229", date(2000, 2, 29)),
        ("74<<<<", None),
        ("<<<<<<", None),
        ("741301", None),
    ],
)
def test_births_lie_in_the_past(text: str, expected: date | None) -> None:
    assert mrz.birth_date(text, TODAY) == expected


@pytest.mark.parametrize("today", [date(1970, 1, 2), date(2025, 12, 31)])
def test_a_day_before_this_software_was_made_tells_no_century(today: date) -> None:
    assert mrz.birth_date("850317", today) is None
    assert mrz.expiry_date("310101", today) is None
    assert mrz.birth_date("850317", mrz.FIRST_DAY) == date(1985, 3, 17)
    assert mrz.expiry_date("310101", mrz.FIRST_DAY) == date(2031, 1, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("120415", date(2012, 4, 15)), ("760101", date(2076, 1, 1)), ("950712", date(1995, 7, 12)), ("29<<<<", None)],
)
def test_expiries_lie_within_fifty_years(text: str, expected: date | None) -> None:
    assert mrz.expiry_date(text, TODAY) == expected


@pytest.mark.parametrize(
    "key",
    [
        MrzKey("", "740812", "120415"),
        MrzKey("L898902C3", "1974-08-12", "120415"),
        MrzKey("L898902C3", "740812", ""),
        MrzKey("L8989-2C3", "740812", "120415"),
        MrzKey("L" * 23, "740812", "120415"),
        MrzKey("Ｌ898902C3", "740812", "120415"),
        MrzKey("L898902C3", "74081٢", "120415"),
    ],
)
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: MrzKey) -> None:
    with pytest.raises(mrz.BadMrz) as caught:
        mrz.key_text(key)
    assert "898" not in str(caught.value)


def test_keys_and_zones_show_nothing() -> None:
    zone = mrz.parse(TD3)
    assert repr(zone) == "Mrz(TD3, …)"
    assert repr(zone.key) == "MrzKey(…)"


FIELDS = {"", "character set", "length", "document number", "date of birth", "date of expiry", "personal number"}
FIELDS |= {"overall check digit"}


def field_at_fault(text: str) -> str:
    try:
        mrz.parse(text)
    except mrz.BadMrz as error:
        return error.what
    return ""


@UNHURRIED
@given(st.text(max_size=120))
def test_any_text_is_a_zone_or_a_named_error(text: str) -> None:
    assert field_at_fault(text) in FIELDS


@UNHURRIED
@given(st.sampled_from((30, 72, 88, 90)).flatmap(lambda size: st.text(ZONE_CHARACTERS, min_size=size, max_size=size)))
def test_any_text_of_a_zones_size_is_a_zone_or_a_named_error(text: str) -> None:
    assert field_at_fault(text) in FIELDS


@UNHURRIED
@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=10, max_size=22),
    st.dates(date(1950, 1, 1), date(2026, 1, 1)),
    st.dates(date(2026, 1, 1), date(2040, 1, 1)),
)
def test_long_numbers_written_into_td1_come_out_whole(number: str, birth: date, expiry: date) -> None:
    first = f"I<UTO{number[:9]}<{number[9:]}{mrz.check_digit(number)}".ljust(30, "<")
    born, until = f"{birth:%y%m%d}", f"{expiry:%y%m%d}"
    second = f"{born}{mrz.check_digit(born)}F{until}{mrz.check_digit(until)}UTO<<<<<<<<<<<"
    second += mrz.check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29])
    zone = mrz.parse(first + second + "A<<B".ljust(30, "<"))
    assert (zone.number, zone.optional_data) == (number, "")
    assert mrz.birth_date(zone.birth, TODAY) == birth or birth.year < 1927
    assert mrz.expiry_date(zone.expiry, TODAY) == expiry
