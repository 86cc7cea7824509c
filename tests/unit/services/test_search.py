"""A service is found by what people type for it, in the order of how well it fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.text import Text
from kiosk.services import loader, search
from kiosk.services.bench_search import KEYS, many
from kiosk.services.loader import load_builtin
from kiosk.services.model import ServicePack

BUSINESS, PENSION, ALLOWANCE, CARD = "individual_business", "pension_verification", "elder_allowance", "elder_card"
UNEMPLOYED, PERMIT = "unemployment_registration", "residence_permit_renewal"


def _packs() -> dict[str, ServicePack]:
    """Six of the built-in ones under names of their own, so that a changed pack changes nothing here."""
    named = {
        PENSION: ("养老金资格认证", "城乡居民养老保险待遇资格认证", "Pension check", ("养老认证",)),
        BUSINESS: ("开个体店", "个体工商户设立登记", "Open a shop", ("开店", "办执照")),
        CARD: ("老年优待证", "老年人优待证办理", "Senior card", ("老年卡",)),
        ALLOWANCE: ("高龄津贴", "高龄津贴申领", "Allowance at 80", ()),
        UNEMPLOYED: ("失业登记", "失业人员登记", "Register as unemployed", ()),
        PERMIT: ("居住证签注", "居住证签注", "Renew residence permit", ()),
    }
    return {
        key: replace(
            load_builtin()[key],
            short_name=Text(short, english),
            name=Text(name, english),
            summary=Text("当场发营业执照", "The licence at once") if key == BUSINESS else Text("当场办好", "Here"),
            keywords=tuple(Text(word, word) for word in words),
        )
        for key, (short, name, english, words) in named.items()
    }  # fmt: skip


INDEX = search.Index(_packs().values())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("个体工商户", BUSINESS),  # as it is called
        ("工商户", BUSINESS),  # a part of it
        ("getigongshanghu", BUSINESS),
        ("gongshanghu", BUSINESS),
        ("getigongs", BUSINESS),  # still being typed
        ("gtgsh", BUSINESS),  # initials
        ("getgsh", BUSINESS),  # both
        ("gtsh", BUSINESS),  # one initial left out
        ("开店", BUSINESS), ("kaidian", BUSINESS), ("kd", BUSINESS), ("办执照", BUSINESS),  # what people say
        ("营业执照", BUSINESS),  # of the line below the name
        ("执照怎么办", BUSINESS),  # by a piece
        ("老年卡", CARD), ("老年ka", CARD), ("LNK", CARD), ("lao nian ka", CARD),
        ("高龄津贴", ALLOWANCE), ("gaolngjintie", ALLOWANCE), ("gaolinjintie", ALLOWANCE), ("gaolimgjintie", ALLOWANCE),
        ("gaolignjintie", ALLOWANCE), ("gaolinggjintie", ALLOWANCE),
        ("高令津帖", ALLOWANCE),  # other characters of the same sound
        ("siyedengji", UNEMPLOYED),
        ("想办失业登记", UNEMPLOYED),
        ("ｊｚｚ", PERMIT), ("juzhuzheng", PERMIT), ("签注 居住证", PERMIT),
        ("pension", PENSION), ("Pention", PENSION), ("yanglaorenzheng", PENSION), ("养老待遇", PENSION),
        ("licence", BUSINESS), ("shop", BUSINESS), ("card senior", CARD),
    ],
)  # fmt: skip
def test_what_is_typed_finds_its_service_first(typed: str, wanted: str) -> None:
    assert INDEX.find(typed)[:1] == (wanted,)


@pytest.mark.parametrize(
    "typed", ["", " ", "！？", "zzzz", "飞机票", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "glit", "~"]
)
def test_what_fits_nothing_finds_nothing(typed: str) -> None:
    assert INDEX.find(typed) == ()


def test_a_name_comes_before_a_line_and_a_beginning_before_a_middle() -> None:
    packs = list(_packs().values())
    line, middle, first = packs[:3]
    line = replace(line, summary=Text("补办社保卡", "x"))
    middle = replace(middle, name=Text("丢了以后补办社保卡", "x"))
    first = replace(first, name=Text("社保卡补换", "x"))
    found = search.Index([line, middle, first]).find("社保卡")
    assert found == (first.pack_id, middle.pack_id, line.pack_id)


def test_equal_ones_keep_the_order_of_the_packs() -> None:
    packs = [replace(pack, short_name=Text("证明", "Proof")) for pack in _packs().values()]
    assert search.Index(packs).find("zm") == tuple(pack.pack_id for pack in packs)
    assert search.Index(packs[::-1]).find("zm") == tuple(pack.pack_id for pack in packs[::-1])


def test_a_character_with_two_readings_is_found_by_both() -> None:
    pack = replace(_packs()[CARD], short_name=Text("银行流水", "Bank"))
    index = search.Index([pack])
    assert index.find("yinhang") == index.find("yinxing") == index.find("yhls") == (CARD,)


def test_a_character_without_a_reading_is_found_as_it_is() -> None:
    pack = replace(_packs()[CARD], short_name=Text("𠮷证明", "Bank"))
    assert search.Index([pack]).find("𠮷") == (CARD,)


@pytest.mark.parametrize("typed", ["个体工商户", "老年人优待证", "高龄津贴"])
def test_every_beginning_of_what_fits_fits(typed: str) -> None:
    """The list grows shorter while one types; it never loses the service and brings it back."""
    wanted = INDEX.find(typed)[0]
    for letters in (typed, search.spelled(typed)):
        assert all(wanted in INDEX.find(letters[:count]) for count in range(1, len(letters) + 1))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(typed: str) -> None:
    found = INDEX.find(typed)
    assert set(found) <= set(_packs())
    assert len(set(found)) == len(found)


def test_keywords_of_a_pack_are_checked_and_looked_at(tmp_path: Path) -> None:
    text = (Path(loader.__file__).parent / "builtin" / f"{ALLOWANCE}.yaml").read_text("utf-8")
    before, _, rest = text.partition("\nkeywords:")
    text = before + rest[rest.index("\npromise:") :] + "\n"
    file = tmp_path / "keywords.yaml"
    file.write_text(text + 'keywords: [{ zh: "寿星补贴", en: "Birthday money" }]\n', "utf-8")
    pack = loader.load_pack(file)
    assert pack.keywords == (Text("寿星补贴", "Birthday money"),)
    assert search.Index([pack]).find("sxbt") == search.Index([pack]).find("birthday") == (ALLOWANCE,)
    file.write_text(text + 'keywords: ["寿星补贴"]\n', "utf-8")
    with pytest.raises(loader.PackError):
        loader.load_pack(file)


def test_the_index_is_built_once_for_the_same_packs_and_anew_for_others() -> None:
    packs = _packs()
    assert search.index(packs) is search.index(packs)
    changed = dict(packs)
    del changed[BUSINESS]
    assert BUSINESS not in search.index(changed).find("kaidian")


@given(st.text("szh", max_size=8), st.text("szh", min_size=4, max_size=8), st.integers(0, 3))
def test_whatever_is_one_letter_off_has_a_half_of_the_query(sound: str, query: str, start: int) -> None:
    """By halves nearly every text is sorted out before it is looked at letter by letter; none that is near is."""
    near = search._one_off(query, sound, min(start, len(sound)))
    left_out = search._one_left_out(query, sound, min(start, len(sound)))
    if near or left_out:
        assert any(half in sound for half in search._halves(query))


def test_a_thousand_packs_answer_every_key() -> None:
    """How quickly is told by `kiosk bench packs`."""
    packs = many()
    index = search.Index(packs.values())
    assert len(index) == 1000
    for key in KEYS:
        index.find(key)
    assert 1 <= len(index.find("shiyedengji")) < 10
