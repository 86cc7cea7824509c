"""A deck of generated ID cards, one per role that a visit can meet.

Deterministic from a seed; nobody real: names are drawn from lists of common characters, addresses name streets and
house numbers that are made up, sequence numbers are arbitrary. Dates are chosen so that the roles hold on ``today``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from devices.contracts.identity import DocumentKind, IdentityDocument
from devices.drivers.sdt import numbers
from devices.drivers.sdt.layouts import encode_text
from devices.drivers.sdt.protocol import PHOTO_BYTES
from devices.simulators.photo import contain

DEFAULT_TODAY = date(2026, 11, 22)

_SURNAMES = "林周徐何郭罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "文清雅宁安和远明思然嘉乐子涵晓云若溪景行知秋怀瑾书白"
_AREAS = (
    ("110105", "北京市朝阳区", "北京市公安局朝阳分局"),
    ("440308", "广东省深圳市盐田区", "深圳市公安局盐田分局"),
    ("330106", "浙江省杭州市西湖区", "杭州市公安局西湖分局"),
    ("510107", "四川省成都市武侯区", "成都市公安局武侯分局"),
)
_STREETS = ("和平里样例街", "新风样例路", "长乐样例巷", "永安样例大道")


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """One generated card: its role, what it says, and the bytes that a reader delivers."""

    role: str
    document: IdentityDocument
    photo: bytes  # 1024 bytes
    newest_address: str = ""

    @property
    def text(self) -> bytes:
        """256 bytes of card text."""
        return encode_text(self.document)

    def __repr__(self) -> str:
        return f"Card({self.role})"


def make_deck(
    seed: int = 724, today: date = DEFAULT_TODAY, pictures: Mapping[str, bytes] | None = None
) -> dict[str, Card]:
    """Every role's card. ``pictures`` maps roles, or ``*`` for all, to WebP bytes for the photo area (at most 1020)."""
    shown = pictures or {}
    deck = {}
    for role, make in _MAKERS.items():
        random = Random(f"{seed}:{role}")  # reproducible, not secret
        picture = shown.get(role, shown.get("*"))
        photo = random.randbytes(PHOTO_BYTES) if picture is None else contain(picture)
        deck[role] = Card(role, make(random, today), photo)
    return deck


def years_before(today: date, years: int, days: int = 0) -> date:
    """The date ``years`` before today, a leap day becoming the 28th, then ``days`` earlier."""
    day = min(today.day, 28)
    return date.fromordinal(date(today.year - years, today.month, day).toordinal() - days)


def years_after(day: date, years: int) -> date:
    """The same day ``years`` later, a leap day becoming the 28th."""
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _resident(random: Random, today: date, *, age: int, valid_years: int = 20, since: int = 5) -> IdentityDocument:
    """A person of that age whose card was issued ``since`` years ago."""
    code, place, issuer = random.choice(_AREAS)
    sex = random.choice("12")
    birth = years_before(today, age, random.randrange(30, 300))
    start = years_before(today, since, random.randrange(30, 300))
    return IdentityDocument(
        kind=DocumentKind.RESIDENT,
        number=_number_18(code, birth, random, sex),
        name=_name(random),
        sex=sex,
        birth=birth,
        valid_from=start,
        valid_to=years_after(start, valid_years),
        ethnic="01",
        address=place + _house(random),
        issuer=issuer,
    )


def _adult(random: Random, today: date) -> IdentityDocument:
    return _resident(random, today, age=random.randrange(28, 44))


def _long_term(random: Random, today: date) -> IdentityDocument:
    return replace(_resident(random, today, age=random.randrange(50, 58), since=3), valid_to=None)


def _elder(random: Random, today: date) -> IdentityDocument:
    return replace(_resident(random, today, age=random.randrange(64, 82), since=8), valid_to=None)


def _minor(random: Random, today: date) -> IdentityDocument:
    return _resident(random, today, age=random.randrange(10, 13), valid_years=5, since=1)


def _expired(random: Random, today: date) -> IdentityDocument:
    return _resident(random, today, age=random.randrange(32, 45), valid_years=10, since=10)


def _minority(random: Random, today: date) -> IdentityDocument:
    address = "新疆维吾尔自治区乌鲁木齐市天山区样例路12号"
    return replace(_adult(random, today), name="阿依古丽·买买提江", ethnic="05", address=address)


def _rare_name(random: Random, today: date) -> IdentityDocument:
    return replace(_adult(random, today), name="𠮷䶮")


def _hmt(random: Random, today: date) -> IdentityDocument:
    base = _resident(random, today, age=random.randrange(26, 40), valid_years=5, since=2)
    return replace(
        base,
        kind=DocumentKind.HMT_RESIDENCE,
        number=_number_18("810000", base.birth, random, base.sex),
        ethnic="",
        pass_number=f"H{random.randrange(10**8):08d}",
        issue_count="01",
    )


def _foreigner_2017(random: Random, today: date) -> IdentityDocument:
    birth = years_before(today, random.randrange(30, 50), random.randrange(30, 300))
    start = years_before(today, 7, random.randrange(30, 300))
    first_14 = f"KAZ1100{birth:%y%m%d}1"
    return IdentityDocument(
        kind=DocumentKind.FOREIGNER_2017,
        number=first_14 + numbers.check_15(first_14),
        name="样例雅宁",
        sex=random.choice("12"),
        birth=birth,
        valid_from=start,
        valid_to=years_after(start, 10),
        english_name="SAMPLEVA, YANINA ALEKSANDROVNA",
        country="KAZ",
        version="01",
        issuer="1500",
    )


def _foreigner_2023(random: Random, today: date) -> IdentityDocument:
    birth = years_before(today, random.randrange(30, 50), random.randrange(30, 300))
    start = years_before(today, 1, random.randrange(30, 300))
    first_17 = f"911682{birth:%Y%m%d}{random.randrange(1, 999):03d}"
    number = first_17 + numbers.check_18(first_17)
    return IdentityDocument(
        kind=DocumentKind.FOREIGNER_2023,
        number=number,
        name="样例安和",
        sex=random.choice("12"),
        birth=birth,
        valid_from=start,
        valid_to=years_after(start, 10),
        english_name="SAMPLE AL EXAMPLE, ABDULRAHMAN MOHAMMED",
        country="SAU",
        issue_count="01",
        former_number=numbers.former_number("SAU", number, "001"),
    )


_MAKERS = {
    "resident": _adult,
    "long_term": _long_term,
    "minority": _minority,
    "hmt": _hmt,
    "foreigner_2017": _foreigner_2017,
    "foreigner_2023": _foreigner_2023,
    "minor": _minor,
    "expired": _expired,
    "elder": _elder,
    "rare_name": _rare_name,
}
ROLES = tuple(_MAKERS)


def _house(random: Random) -> str:
    number, house, room = random.randrange(1, 200), random.randrange(1, 9), random.randrange(101, 999)
    return f"{random.choice(_STREETS)}{number}号{house}幢{room}室"


def _name(random: Random) -> str:
    return random.choice(_SURNAMES) + "".join(random.sample(_GIVEN, random.choice((1, 2, 2))))


def _number_18(area: str, birth: date, random: Random, sex: str) -> str:
    """The 17th digit is odd for men (GB 11643)."""
    sequence = random.randrange(1, 99) * 10 + random.randrange(5) * 2 + (1 if sex == "1" else 0)
    first_17 = f"{area}{birth:%Y%m%d}{sequence:03d}"
    return first_17 + numbers.check_18(first_17)
