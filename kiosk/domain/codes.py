"""Numbers with check digits: 公民身份号码, 统一社会信用代码, case number; and how they are masked for show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from operator import mul

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, 4.4
_ID_CHECKS = "10X98765432"

# GB 32100-2015, 5.2: digits and capitals without I O S V Z; the weight of place i is 3^(i-1) mod 31.
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))

# GB 11714-1997: organisation code, eight places and a check place.
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_VALUES = {place: value for value, place in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_CREDIT_VALUES = {place: value for value, place in enumerate(CREDIT_ALPHABET)}

INDIVIDUAL_BUSINESS = "92"  # 登记管理部门 9 工商 (now 市场监管), 机构类别 2 个体工商户
_SUBJECT_PREFIX = "MA"  # subjects registered since 2015 carry MA
SUBJECT_SERIALS = 31**6
CASE_SERIALS = 100_000_000

# What is only tried out (测试) has numbers of kinds of its own, out of the upper end of the serials: a number says by
# itself whether it is one, and no real case ever bears it.
TEST_KINDS = {"case": "tcase", "uscc": "tuscc"}
_FIRST_TEST = {"case": 90_000_000, "uscc": 30 * 31**5}
SERIALS: Mapping[str, range] = {
    "case": range(_FIRST_TEST["case"]),
    "uscc": range(_FIRST_TEST["uscc"]),
    "tcase": range(_FIRST_TEST["case"], CASE_SERIALS),
    "tuscc": range(_FIRST_TEST["uscc"], SUBJECT_SERIALS),
}

_AREA = re.compile(r"[1-9]\d{5}")


def id_check_digit(first17: str) -> str:
    """The 18th place of a 公民身份号码 (GB 11643-1999)."""
    return _ID_CHECKS[sum(int(d) * w for d, w in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def id_number_valid(number: str) -> bool:
    """Whether 18 places are well formed: area, a real date of birth, sequence, check digit."""
    if not re.fullmatch(r"[1-9]\d{16}[0-9X]", number, re.ASCII):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return id_check_digit(number[:17]) == number[17]


def age_on(birth: date, day: date) -> int:
    """Full years (周岁). A person born on 29 February is a year older on 1 March of a common year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def mask_number(number: str) -> str:
    """``1402 **** **** 002X``: the first and the last four places; a short number keeps only its ends."""
    if len(number) >= 10:
        return f"{number[:4]} **** **** {number[-4:]}"
    return number[:1] + "*" * max(0, len(number) - 2) + number[-1:] if len(number) > 1 else "*" * len(number)


def mask_name(name: str) -> str:
    """王某某 -> 王**, 王某 -> 王*; of a name in parts by a middle dot or a space the first character stays."""
    parts = re.split(r"([·•\s])", name.strip())
    kept, rest = parts[0][:1], parts[0][1:] + "".join(parts[1:])
    return kept + "".join(c if re.fullmatch(r"[·•\s]", c) else "*" for c in rest)


def mask_phone(number: str) -> str:
    """138****0001."""
    return number[:3] + "*" * (len(number) - 7) + number[-4:] if len(number) > 7 else "*" * len(number)


def mask_text(text: str) -> str:
    """平城区****: how it begins, never how long it is; of a short one nothing."""
    return f"{text[:3]}****" if len(text) > 6 else "****"


def block_kind(kind: str, *, test: bool) -> str:
    """The kind of the blocks that a number (``case``, ``uscc``) is taken from."""
    return TEST_KINDS[kind] if test else kind


def is_test_case_no(number: str) -> bool:
    """Whether a case number says of itself that it is one of a test."""
    return case_no_valid(number) and int(number[12:20]) in SERIALS["tcase"]


def _weighed(places: str, values: Mapping[str, int], weights: Sequence[int]) -> int:
    """Each place's value by its weight, in all. Raises ValueError for a place that has none, and another length."""
    if len(places) != len(weights):
        raise ValueError(f"{len(weights)} places, not {len(places)}")
    try:
        return sum(map(mul, [values[place] for place in places], weights))
    except KeyError:
        raise ValueError("a place outside the alphabet") from None


def organisation_check(body: str) -> str:
    """The check place of an organisation code of eight places (GB 11714-1997): 10 is X, 11 is 0."""
    total = _weighed(body, _ORGANISATION_VALUES, _ORGANISATION_WEIGHTS)
    value = 11 - total % 11
    return "X" if value == 10 else "0" if value == 11 else str(value)


def credit_check(first17: str) -> str:
    """The 18th place of a 统一社会信用代码 (GB 32100-2015)."""
    total = _weighed(first17, _CREDIT_VALUES, _CREDIT_WEIGHTS)
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def credit_code(area: str, serial: int) -> str:
    """The code of a 个体工商户: ``92``, area code (GB/T 2260), organisation code made from ``serial``, check place.

    ``serial`` comes from a block that the registration authority reserved for this terminal. Raises ValueError.
    """
    if not _AREA.fullmatch(area):
        raise ValueError("an area code has six digits")
    if not 0 <= serial < SUBJECT_SERIALS:
        raise ValueError(f"a subject serial lies in 0..{SUBJECT_SERIALS - 1}")
    digits = ""
    for _ in range(6):
        serial, rest = divmod(serial, 31)
        digits = CREDIT_ALPHABET[rest] + digits
    body = _SUBJECT_PREFIX + digits
    first17 = INDIVIDUAL_BUSINESS + area + body + organisation_check(body)
    return first17 + credit_check(first17)


def credit_serial(area: str, code: str) -> int | None:
    """The serial that ``credit_code`` makes this code of, in this area; None where there is none."""
    if not code.startswith(f"{INDIVIDUAL_BUSINESS}{area}{_SUBJECT_PREFIX}") or not _AREA.fullmatch(area):
        return None
    if not credit_code_valid(code):
        return None
    serial = 0
    for place in code[10:16]:
        serial = serial * 31 + _CREDIT_VALUES[place]
    return serial


def credit_code_valid(code: str) -> bool:
    """Whether 18 places carry right check places, the organisation's and the whole."""
    if len(code) != 18 or any(c not in CREDIT_ALPHABET for c in code):
        return False
    return organisation_check(code[8:16]) == code[16] and credit_check(code[:17]) == code[17]


_MOD_11_10 = tuple(tuple(((check + digit) % 10 or 10) * 2 % 11 for digit in range(10)) for check in range(11))


def _mod_11_10(digits: str) -> str:
    """ISO/IEC 7064 MOD 11,10 (hybrid system): one decimal check digit."""
    check = 10
    for digit in digits:
        check = _MOD_11_10[check][int(digit)]
    return str((11 - check) % 10)


def case_no(area: str, day: date, serial: int) -> str:
    """办件编号 of 21 digits: area (6), day yymmdd (6), serial (8), check digit. Raises ValueError.

    Serials come from one sequence of the backend for all areas: eight digits last for a hundred million cases.
    """
    if not _AREA.fullmatch(area):
        raise ValueError("an area code has six digits")
    if not 0 <= serial < CASE_SERIALS:
        raise ValueError("a case serial has at most eight digits")
    body = f"{area}{day:%y%m%d}{serial:08d}"
    return body + _mod_11_10(body)


def case_no_valid(number: str) -> bool:
    return re.fullmatch(r"\d{21}", number, re.ASCII) is not None and _mod_11_10(number[:20]) == number[20]


def group_case_no(number: str) -> str:
    """``140213 261122 0000 0318 7``, as people read it aloud."""
    if len(number) != 21:
        return number
    return f"{number[:6]} {number[6:12]} {number[12:16]} {number[16:20]} {number[20:]}"
