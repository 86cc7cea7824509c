"""What is written, as it is said: numbers, masks, days, abbreviations, in Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.text import LANGUAGES
from kiosk.visit import speech_numbers as numbers
from kiosk.visit.speech_text import SPOKEN, speakable

CHINESE = {
    "1402 **** **** 002X": "幺四零二，星星星星，星星星星，零零二X。",
    "王**，\n可以刷脸核对吗？": "王星星，可以刷脸核对吗？",
    "办件编号 140213 261122 0000 0318 7": "办件编号幺四零二幺三，二六幺幺二二，零零零零，零三幺八，七。",
    "联系电话：138****0001": "联系电话：幺三八星星星星零零零幺。",
    "统一社会信用代码：92140213MA0000015G": "统一社会信用代码：九二幺四零二幺三M A零零零零零幺五G。",
    "求助电话 0352-5550000": "求助电话零三五二，五五五零零零零。",
    "2026-11-26 填了 2 项，一共 12 项。": "二零二六年十一月二十六日填了两项，一共十二项。",
    "第 2 题，共 2 题": "第二题，共二题。",
    "保留到 2027年1月5日，到期自动清除。": "保留到二零二七年一月五日，到期自动清除。",
    "凌晨 2:05": "凌晨两点零五分。",
    "最多贷 500,000 元，年利率 3.5%": "最多贷五十万元，年利率百分之三点五。",
    "从业 1005 人，3–5 项": "从业一千零五人，三到五项。",
    "国办发〔2020〕42号、《条例》（国令第746号）": "国办发二零二零年四十二号、条例，国令第七百四十六号。",
    "住址：某社区 8 号楼 2 单元 301 室": "住址：某社区八号楼二单元三零幺室。",
    "依据：《甲条例》《乙条例》": "依据：甲条例、乙条例。",
    "7×24 服务超市 · 3 号机": "七乘二十四服务超市，三号机。",
    "右边有 › 的，点一下就能改。": "右边有箭头的，点一下就能改。",
}
ENGLISH = {
    "ID number: 1402 **** **** 002X": "I D number: one four zero two, star star star star, star star star star, "
    "zero zero two X.",
    "Welcome, 王**. Please choose one.": "Welcome, 王 star star. Please choose one.",
    "Kept until 2026-12-03.": "Kept until the third of December, twenty twenty-six.",
    "Opens at 08:30, closes at 17:00": "Opens at eight thirty, closes at seventeen o'clock.",
    "It will be registered as 大同市平城区南关街18号底商": "It will be registered as 大同市平城区南关街十八号底商.",
    "You are 16 or older; 120 people; 100,000 yuan": "You are sixteen or older; one hundred twenty people; "
    "one hundred thousand yuan.",
    "Social Insurance Law, art. 74": "Social Insurance Law, article seventy-four.",
    "Time: 2026-11-22 02:14, about 4 min": "Time: the twenty-second of November, twenty twenty-six, two fourteen, "
    "about four minutes.",
    "Call 12345.": "Call one two three four five.",
    "2–3 questions, in 2024": "two to three questions, in twenty twenty-four.",
    "Done.\nConfirmed": "Done. Confirmed.",
}


@pytest.mark.parametrize("written", CHINESE)
def test_chinese_is_said(written: str) -> None:
    assert speakable(written, "zh_CN") == CHINESE[written]


@pytest.mark.parametrize("written", ENGLISH)
def test_english_is_said(written: str) -> None:
    assert speakable(written, "en") == ENGLISH[written]


def test_a_matter_has_words_of_its_own_and_they_come_first() -> None:
    says = (("110", "幺幺零"), ("www.gsxt.gov.cn", "公示系统网站"))
    assert speakable("打 110，或在 www.gsxt.gov.cn 补报，共 1100 人", "zh_CN", says) == (
        "打幺幺零，或在公示系统网站补报，共一千一百人。"
    )


def test_nothing_to_say_is_nothing() -> None:
    assert [speakable(text, language) for text in ("", " ", "›››" * 0, "——", "●") for language in LANGUAGES] == [
        ""
    ] * 10


def test_counts_are_those_of_the_language() -> None:
    chinese = {0: "零", 10: "十", 12: "十二", 20: "二十", 101: "一百零一", 110: "一百一十", 1010: "一千零一十",
               10_005: "一万零五", 10_010: "一万零一十", 120_000: "十二万", 100_000_001: "一亿零一"}  # fmt: skip
    assert {number: numbers.count_zh(number) for number in chinese} == chinese
    english = {0: "zero", 13: "thirteen", 40: "forty", 101: "one hundred one", 10_005: "ten thousand five"}
    assert {number: numbers.count_en(number) for number in english} == english
    assert [numbers.ordinal_en(n) for n in (1, 2, 3, 12, 20, 22, 31)] == [
        "first", "second", "third", "twelfth", "twentieth", "twenty-second", "thirty-first"
    ]  # fmt: skip


@given(st.text(alphabet="店AzX*0129 -–:,./年月日（）《》›·￥%+\n", max_size=40), st.sampled_from(LANGUAGES))
def test_whatever_is_written_a_voice_gets_letters_and_pauses_alone(text: str, language: str) -> None:
    said = speakable(text, language)  # type: ignore[arg-type]
    assert not said or SPOKEN[language].fullmatch(said), said  # type: ignore[index]
