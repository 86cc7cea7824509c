"""The deck holds what its roles promise, and the twins' photograph comes back out of a card."""

from __future__ import annotations

import io
from datetime import date

import pytest
from PIL import Image

from devices.contracts.codes import ethnic_codes, ethnic_name, sex_name
from devices.contracts.identity import CardPhoto, PhotoUndecodable
from devices.drivers.sdt.numbers import valid_number
from devices.drivers.sdt.photo import NoDecoder, VendorDecoder, VendorLibrary, bmp_of
from devices.simulators.deck import DEFAULT_TODAY, ROLES, make_deck
from devices.simulators.photo import AREA_BYTES, SimulatedPhotoDecoder, contain, squeeze


def age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


@pytest.mark.parametrize("today", [DEFAULT_TODAY, date(2028, 2, 29), date(2031, 1, 1)])
def test_roles_hold_on_the_day_they_are_made_for(today: date) -> None:
    deck = make_deck(today=today)
    assert tuple(deck) == ROLES
    ages = {role: age(card.document.birth, today) for role, card in deck.items()}
    assert ages["minor"] < 14
    assert ages["elder"] > 60
    assert all(ages[role] >= 18 for role in ROLES if role != "minor")
    assert [role for role in ROLES if deck[role].document.expired(today)] == ["expired"]
    assert all(card.document.valid_from <= today and valid_number(card.document.number) for card in deck.values())
    assert deck["long_term"].document.long_term
    assert "·" in deck["minority"].document.name
    assert ord(deck["rare_name"].document.name[0]) > 0xFFFF
    assert deck["foreigner_2023"].document.former_number


def test_a_seed_makes_the_same_deck_again_and_another_one_another() -> None:
    assert make_deck(1) == make_deck(1)
    assert make_deck(1)["resident"].document.number != make_deck(2)["resident"].document.number


def test_a_picture_goes_into_the_photo_area_and_comes_out_again() -> None:
    webp = squeeze(Image.effect_noise((300, 400), 40))
    card = make_deck(pictures={"resident": webp})["resident"]
    assert len(card.photo) == AREA_BYTES
    picture = Image.open(io.BytesIO(SimulatedPhotoDecoder().decode(CardPhoto("wlt", card.photo))))
    assert picture.size == (102, 126)


def test_a_card_without_picture_cannot_be_decoded_by_anyone() -> None:
    photo = CardPhoto("wlt", make_deck()["resident"].photo)
    for decoder in (SimulatedPhotoDecoder(), NoDecoder(), VendorDecoder(VendorLibrary("/nonexistent/libwlt.so"))):
        with pytest.raises(PhotoUndecodable):
            decoder.decode(photo)


def test_a_picture_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        contain(b"RIFF\0\0\0\0WEBP" + bytes(1100))


def test_raw_pixels_of_a_vendor_library_become_a_picture() -> None:
    top_row_red = bytes([0, 0, 255]) * 102 + bytes([255, 0, 0]) * (102 * 125)
    picture = Image.open(io.BytesIO(bmp_of(top_row_red, bottom_up=False))).convert("RGB")
    assert picture.size == (102, 126)
    assert picture.getpixel((50, 0)) == (255, 0, 0)
    assert picture.getpixel((50, 125)) == (0, 0, 255)


def test_codes_have_names_in_both_languages() -> None:
    assert (sex_name("1"), sex_name("2", "en"), sex_name("5")) == ("男", "female", "")
    assert (ethnic_name("01"), ethnic_name("05", "en"), ethnic_name("56")) == ("汉", "Uygur", "基诺")
    assert len(ethnic_codes()) == 58
    assert all(ethnic_name(code) and ethnic_name(code, "en") for code in ethnic_codes())
