"""Numbers as they are said, in Chinese and English: counts, places one by one, years, days, hours. Pure.

A code's 1 is said 幺 in Chinese, as on the telephone; a masked place is a star (14 CFR 382.57: masked characters are
spoken).
"""

from __future__ import annotations

ZH = "零一二三四五六七八九"
EN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
      "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
STAR = "*"


def count_zh(number: int) -> str:
    """120 一百二十, 10005 一万零五; up to 10^12."""
    if number < 10_000:
        return _below_10000(number, first=True)
    for size, name in ((100_000_000, "亿"), (10_000, "万")):
        if number >= size:
            head, rest = divmod(number, size)
            zero = "零" if rest and rest < size // 10 else ""
            return count_zh(head) + name + (zero + _part(rest) if rest else "")
    raise AssertionError("a number is of some size")


def _part(number: int) -> str:
    return count_zh(number) if number >= 10_000 else _below_10000(number, first=False)


def _below_10000(number: int, *, first: bool) -> str:
    if number == 0:
        return "零"
    said, gap = "", False
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, size)
        if not digit:
            gap = bool(said)
            continue
        ten = first and not said and size == 10 and digit == 1  # 十二, not 一十二
        said += ("零" if gap else "") + ("" if ten else ZH[digit]) + name
        gap = False
    return said


def count_en(number: int) -> str:
    """120 one hundred twenty; up to 10^12."""
    if number < 20:
        return EN[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return TENS[tens] + (f"-{EN[rest]}" if rest else "")
    for size, name in ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            head, rest = divmod(number, size)
            return f"{count_en(head)} {name}" + (f" {count_en(rest)}" if rest else "")
    raise AssertionError("a number is of some size")


def places_zh(code: str) -> str:
    """Place by place; groups with a pause between them."""
    return "，".join("".join(map(_place_zh, group)) for group in code.split()).replace("  ", " ").strip()


def _place_zh(place: str) -> str:
    if place == STAR:
        return "星"
    return "幺" if place == "1" else ZH[int(place)] if place.isdigit() else f" {place.upper()} "


def places_en(code: str) -> str:
    return ", ".join(" ".join(map(_place_en, group)) for group in code.split())


def _place_en(place: str) -> str:
    return "star" if place == STAR else EN[int(place)] if place.isdigit() else place.upper()


def year_zh(year: str) -> str:
    return "".join(ZH[int(digit)] for digit in year)


def year_en(year: int) -> str:
    """2026 twenty twenty-six, 2005 two thousand five, 1900 nineteen hundred."""
    head, rest = divmod(year, 100)
    if 2000 <= year < 2010 or not 1000 <= year < 10_000:
        return count_en(year)
    return f"{count_en(head)} {'hundred' if not rest else count_en(rest) if rest > 9 else f'oh {EN[rest]}'}"


def day_zh(year: str, month: int, day: int) -> str:
    return f"{year_zh(year)}年{count_zh(month)}月{count_zh(day)}日"


def day_en(year: str, month: int, day: int) -> str:
    return f"the {ordinal_en(day)} of {MONTHS[month - 1]}, {year_en(int(year))}"


def ordinal_en(number: int) -> str:
    head, dash, last = count_en(number).rpartition("-")
    if last.endswith("y"):
        return f"{head}{dash}{last[:-1]}ieth"
    return f"{head}{dash}{ORDINALS.get(last, last + 'th')}"


def hour_zh(hour: int, minute: int) -> str:
    said = "两" if hour == 2 else count_zh(hour)
    if not minute:
        return f"{said}点整"
    return f"{said}点{'零' if minute < 10 else ''}{count_zh(minute)}分"


def hour_en(hour: int, minute: int) -> str:
    if not minute:
        return f"{count_en(hour)} o'clock"
    return f"{count_en(hour)} {f'oh {EN[minute]}' if minute < 10 else count_en(minute)}"
