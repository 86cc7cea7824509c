"""What is written, as it is said: no sign, digit or mask is left that a voice would drop, spell or garble. Pure.

Days, hours and counts become words; numbers of documents, cases and telephones are said place by place, masked places
as 星 or star; Chinese in an English sentence is said in Chinese.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from kiosk.domain.text import Language
from kiosk.visit import speech_numbers as numbers

Pairs = Sequence[tuple[str, str]]
HAN = "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DAY = re.compile(r"(?<!\d)(\d{4})(?:-(\d{1,2})-(\d{1,2})|\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?日)(?!\d)")
_YEAR = re.compile(r"(?<!\d)([12]\d{3})\s?年")
_ISSUED = re.compile(r"〔(\d{4})〕\s?(\d+)\s?号")
_HOUR = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?![\d:])")
_PHONE = re.compile(r"(?<!\d)(0\d{2,3})-(\d{5,8})(?!\d)")
_GROUPS = re.compile(r"(?<![\w*])[0-9*]{3,}(?: [0-9*]{1,6})*(?: [0-9*]{1,6}X?)(?![\w*])")
_MASKED = re.compile(r"[0-9]*\*[0-9*]*X?")
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[0-9A-Z]{4,}(?![A-Za-z0-9])")
_RANGE = re.compile(r"(?<![\d.])(\d{1,4})\s?[–—~～-]\s?(\d{1,4})(?![\d.])")
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,3})(?:\.(\d+))?\s?%")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_DECIMAL = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?![\d.])")
_WHOLE = re.compile(r"\d+")
_LETTERED = re.compile(r"(?<=[A-Za-z0-9])\.(?=[A-Za-z0-9])")
_CHINESE = re.compile(rf"[{HAN}][{HAN}0-9 ()（）《》〔〕“”、，·—-]*[{HAN}）》”]|[{HAN}]")
_SILENT = str.maketrans("", "", '《》〈〉「」『』〔〕“”‘"↓↑→←›‹●•#_=@|^~`<>$\\')
_PAUSES = str.maketrans({"（": "，", "）": "，", "·": "，", "—": "，", "–": "，", "…": "，"})
_PAUSES_EN = str.maketrans({"(": ", ", ")": ", ", "·": ", ", "—": ", ", "–": ", ", "…": ", ", "’": "'"})
_END = "。！？.!?"
SPOKEN = {
    "zh_CN": re.compile(rf"[{HAN}A-Za-z，。、；：？！ ]+"),
    "en": re.compile(rf"[{HAN}A-Za-z，。、；：？！ ,.;:?!'-]+"),
}
"""What a voice of each language gets: letters, pauses, and nothing else."""
_UNKNOWN = {
    "zh_CN": re.compile(rf"[^{HAN}A-Za-z，。、；：？！ ]"),
    "en": re.compile(rf"[^{HAN}A-Za-z，。、；：？！ ,.;:?!'-]"),
}


def speakable(text: str, language: Language, says: Pairs = ()) -> str:
    """One sentence, or several, as said. ``says``: written and spoken words of the matter, before the house's own.

    Empty where nothing can be said of it.
    """
    said = _spoken(text, language, says)
    return _ended(_calm(_UNKNOWN[language].sub(" ", said), " "), "。" if language == "zh_CN" else ".")


def unknown(text: str, language: Language, says: Pairs = ()) -> str:
    """The signs of it that no table knows: left out of what somebody typed; in our own texts none may be."""
    return "".join(dict.fromkeys(_UNKNOWN[language].findall(_spoken(text, language, says))))


def _spoken(text: str, language: Language, says: Pairs) -> str:
    text = text.replace("\u00a0", " ").strip().replace("\n", "" if language == "zh_CN" else " ")
    text = _worded(text, _longest_first(tuple(says)))
    return _chinese(text) if language == "zh_CN" else _english(text)


def _ended(text: str, stop: str) -> str:
    text = text.strip(" ，、,;；：:")
    return text if not text or text[-1] in _END else text + stop


# -- Chinese


def _chinese(text: str) -> str:
    text = _worded(text.replace("》《", "》、《"), _lexicon("zh"))
    text = _DAY.sub(lambda m: _day(m, numbers.day_zh), text)
    text = _ISSUED.sub(lambda m: f"{numbers.year_zh(m[1])}年{numbers.count_zh(int(m[2]))}号", text)
    text = _YEAR.sub(lambda m: f"{numbers.year_zh(m[1])}年", text)
    text = _HOUR.sub(lambda m: numbers.hour_zh(int(m[1]), int(m[2])), text)
    text = _PHONE.sub(lambda m: numbers.places_zh(f"{m[1]} {m[2]}"), text)
    for code in (_GROUPS, _MASKED, _CODE):
        text = code.sub(lambda m: numbers.places_zh(m[0]), text)
    text = _PERCENT.sub(_percent_zh, text)
    text = _RANGE.sub(lambda m: f"{numbers.count_zh(int(m[1]))}到{numbers.count_zh(int(m[2]))}", text)
    text = _THOUSANDS.sub(lambda m: numbers.count_zh(int(m[0].replace(",", ""))), text)
    text = _DECIMAL.sub(lambda m: f"{numbers.count_zh(int(m[1]))}点{numbers.year_zh(m[2])}", text)
    text = _WHOLE.sub(lambda m: _number_zh(m, text), text)
    text = _LETTERED.sub(" 点 ", text).translate(_SILENT).translate(_PAUSES)
    text = re.sub(
        r"[(),;:?!'-]", lambda m: {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}.get(m[0], "，"), text
    )
    text = text.replace(".", "。")
    text = re.sub(rf"(?<=[{HAN}，。、；：？！]) +| +(?=[{HAN}，。、；：？！])", "", text)
    return _calm(text, "，")


def _percent_zh(found: re.Match[str]) -> str:
    part = f"点{numbers.year_zh(found[2])}" if found[2] else ""
    return f"百分之{numbers.count_zh(int(found[1]))}{part}"


def _number_zh(found: re.Match[str], text: str) -> str:
    digits, after = found[0], text[found.end() :].lstrip()[:1]
    before = text[: found.start()].rstrip()[-1:]
    measured = bool(after) and after in _measures("zh")
    room = len(digits) > 2 and after != "" and after in _measures("rooms")  # 301 室
    if room or (len(digits) > 4 and not measured) or (digits[0] == "0" and len(digits) > 1) or len(digits) > 12:
        return numbers.places_zh(digits)
    return (
        "两" if digits == "2" and measured and before != "第" and after not in "日题" else numbers.count_zh(int(digits))
    )


# -- English, with what is Chinese in it


def _english(text: str) -> str:
    said, place = [], 0
    for found in _CHINESE.finditer(text):
        said += [_latin(text[place : found.start()]), _chinese(found[0]).strip("。")]
        place = found.end()
    return _calm(" ".join([*said, _latin(text[place:])]), ",")


def _latin(text: str) -> str:
    text = _worded(text, _lexicon("en"))
    text = _DAY.sub(lambda m: _day(m, numbers.day_en) + ("," if _HOUR.match(text, m.end() + 1) else ""), text)
    text = _HOUR.sub(lambda m: numbers.hour_en(int(m[1]), int(m[2])), text)
    text = _PHONE.sub(lambda m: numbers.places_en(f"{m[1]} {m[2]}"), text)
    for code in (_GROUPS, _MASKED, _CODE):
        text = code.sub(lambda m: numbers.places_en(m[0]), text)
    text = _RANGE.sub(lambda m: f"{numbers.count_en(int(m[1]))} to {numbers.count_en(int(m[2]))}", text)
    text = _THOUSANDS.sub(lambda m: numbers.count_en(int(m[0].replace(",", ""))), text)
    text = _DECIMAL.sub(lambda m: f"{numbers.count_en(int(m[1]))} point {numbers.places_en(m[2])}", text)
    text = _WHOLE.sub(lambda m: _number_en(m, text), text)
    text = _LETTERED.sub(" dot ", text).translate(_SILENT).translate(_PAUSES_EN)
    return text.translate(_PAUSES)


def _number_en(found: re.Match[str], text: str) -> str:
    digits, after = found[0], text[found.end() :].split()[:1]
    measured = bool(after) and after[0].strip(",.;:") in _measures("en")
    if (len(digits) > 4 and not measured) or (digits[0] == "0" and len(digits) > 1) or len(digits) > 12:
        return numbers.places_en(digits)
    year = len(digits) == 4 and digits[:2] in ("19", "20") and not measured
    return numbers.year_en(int(digits)) if year else numbers.count_en(int(digits))


# -- both


def _day(found: re.Match[str], said: Callable[[str, int, int], str]) -> str:
    """A day that no calendar has is said as it is written, place by place."""
    month, day = int(found[2] or found[4]), int(found[3] or found[5])
    return said(found[1], month, day) if 1 <= month <= 12 and 1 <= day <= 31 else found[0]


def _calm(text: str, pause: str) -> str:
    """One pause where several would come together, and one space."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ([，。、；：？！,.;:?!])", r"\1", text)
    text = re.sub(r"[，,、；;：:]+(?=[。！？.!?])", "", text)
    text = re.sub(r"([。！？.!?；;：:])[，,、]+", r"\1", text)
    text = re.sub(r"([，,、])[，,、]+", r"\1", text)
    return re.sub(r"([。！？.!?])[。.]+", r"\1", text).strip(f" {pause}")


def _worded(text: str, pairs: Pairs) -> str:
    for written, spoken in pairs:
        if written in text:
            text = _bounded(written).sub(spoken.replace("\\", ""), text)
    return text


@cache
def _bounded(written: str) -> re.Pattern[str]:
    before = r"(?<![A-Za-z0-9])" if written[0].isascii() and written[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if written[-1].isascii() and written[-1].isalnum() else ""
    return re.compile(before + re.escape(written) + after)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("kiosk.visit") / "speech.toml").read_text(encoding="utf-8"))


@cache
def _lexicon(language: str) -> Pairs:
    return _longest_first(tuple(_table()[language].items()))


@lru_cache(maxsize=64)
def _longest_first(pairs: tuple[tuple[str, str], ...]) -> Pairs:
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


def _measures(language: str) -> Sequence[str]:
    found: Sequence[str] = _table()["measures"][language]
    return found
