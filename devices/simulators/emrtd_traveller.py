"""Travellers who do not exist, and their machine readable zones (ICAO Doc 9303 parts 3, 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from devices.simulators.deck import DEFAULT_TODAY, years_after, years_before

_VALUES = {**{str(d): d for d in range(10)}, **{chr(65 + i): 10 + i for i in range(26)}, "<": 0}


@dataclass(frozen=True, slots=True, repr=False)
class Traveller:
    """What is printed: capital letters, names as in the visual zone."""

    role: str
    code: str  # "P" passport; "I", "C" cards
    number: str
    surname: str
    given: str
    sex: str  # M, F, or < where it is not told
    birth: date
    expiry: date
    issuer: str = "UTO"
    nationality: str = "UTO"
    optional: str = ""
    native: str = ""  # the name in national characters, surname and given names (DG11)

    def __repr__(self) -> str:
        return f"Traveller({self.role})"


def make_travellers(seed: int = 724, today: date = DEFAULT_TODAY) -> dict[str, Traveller]:
    """By role: ``passport`` (TD3), ``card`` (TD1), ``expired``, ``minor``, ``long_number`` (TD1, 12 characters),
    ``native_name`` (TD1 with DG11)."""
    random = Random(f"{seed}:travellers")

    def one(role: str, code: str, age: int, number: str, years: int = 10, since: int = 4) -> Traveller:
        start = years_before(today, since, random.randrange(30, 300))
        return Traveller(
            role=role,
            code=code,
            number=number,
            surname=random.choice(("MUSTERFRAU", "SPECIMEN", "EXAMPLE", "SAMPLE-VAN DER TEST")),
            given=random.choice(("ANNA MARIA", "ERIKA", "JO", "LI WEN")),
            sex=random.choice("MF"),
            birth=years_before(today, age, random.randrange(30, 300)),
            expiry=years_after(start, years),
        )

    def digits(count: int) -> str:
        return f"{random.randrange(10**count):0{count}d}"

    return {
        "passport": one("passport", "P", 34, f"L{digits(8)}"),
        "card": one("card", "I", 47, f"D{digits(8)}"),
        "expired": one("expired", "P", 52, f"X{digits(6)}", years=5, since=8),
        "minor": one("minor", "P", 9, f"K{digits(8)}", years=5, since=1),
        "long_number": one("long_number", "I", 28, f"D{digits(11)}"),
        "native_name": replace(one("native_name", "C", 39, f"H{digits(8)}"), native="样例<<文清"),
    }


def check_digit(text: str) -> str:
    """Weights 7 3 1, modulo 10 (part 3, 4.9)."""
    return str(sum(_VALUES[character] * (7, 3, 1)[i % 3] for i, character in enumerate(text)) % 10)


def mrz_lines(person: Traveller) -> tuple[str, ...]:
    """TD3 (2 x 44) for passports, TD1 (3 x 30) for everything else."""
    names = _filled(person.surname.replace("-", " ")) + "<<" + _filled(person.given)
    code, birth, expiry = person.code.ljust(2, "<"), f"{person.birth:%y%m%d}", f"{person.expiry:%y%m%d}"
    dates = (birth + check_digit(birth), expiry + check_digit(expiry))
    issuer, nationality = person.issuer.ljust(3, "<"), person.nationality.ljust(3, "<")
    if person.code.startswith("P"):
        number = _field(person.number, 9)
        optional = _field(person.optional, 14)
        extra = optional + ("<" if not person.optional else check_digit(optional))
        second = number + check_digit(number)
        whole = second + dates[0] + dates[1] + extra
        second += nationality + dates[0] + person.sex + dates[1] + extra + check_digit(whole)
        return (_field(code + issuer + names, 44), second)
    number = _field(person.number[:9], 9)
    if len(person.number) > 9:  # the check digit's place holds a filler, the rest stands in the optional data
        first = number + "<" + person.number[9:] + check_digit(person.number) + "<" + person.optional
    else:
        first = number + check_digit(number) + person.optional
    first = _field(code + issuer + first, 30)
    optional = "<" * 11
    whole = first[5:30] + dates[0] + dates[1] + optional
    second = dates[0] + person.sex + dates[1] + nationality + optional + check_digit(whole)
    return (first, second, _field(names, 30))


def mrz_key(person: Traveller) -> bytes:
    """What the keys come from: number, birth, expiry, each with its check digit (part 11, 9.7.2)."""
    number = person.number.ljust(9, "<")
    parts = (number, f"{person.birth:%y%m%d}", f"{person.expiry:%y%m%d}")
    return "".join(part + check_digit(part) for part in parts).encode("ascii")


def _filled(text: str) -> str:
    return text.replace(" ", "<").replace("'", "")


def _field(text: str, width: int) -> str:
    return text[:width].ljust(width, "<")
