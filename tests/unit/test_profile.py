"""A profile says what a terminal is; one that is wrong is refused with file, key and cure."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.text import EMPTY, Text
from kiosk.profile import ProfileError, load, parse, parse_size

GOOD: dict[str, Any] = {
    "terminal": {
        "area_code": "140213", "province": "山西省", "city": "大同市", "district": "平城区",
        "street": {"zh": "南关街道", "en": "Nanguan"}, "name": {"zh": "3 号机", "en": "No. 3"},
        "registrar": "审批局",
    },
    "data": {"folder": "data"},
    "backend": {"url": "https://backend.example"},
    "devices": {"id_reader": {"driver": "sdt", "port": "/dev/serial/by-id/reader", "baud": 57600}},
}  # fmt: skip


def test_a_good_profile_is_read_with_its_defaults() -> None:
    profile = parse(GOOD, Path("/srv/kiosk"))
    assert profile.data == Path("/srv/kiosk/data")
    assert (profile.language, profile.test, profile.face_check, profile.size) == ("zh_CN", False, True, (1080, 1920))
    reader = profile.device("id_reader")
    assert reader is not None
    assert dict(reader.options) == {"baud": 57600}
    assert profile.device("camera") is None


def test_what_happens_to_cards_left_behind_and_after_a_power_cut_is_the_profiles() -> None:
    usual = parse(GOOD, Path())
    assert (usual.power.command, usual.keep_card_after) == ((), None)
    poweroff = ["/usr/bin/systemctl", "poweroff"]
    made = parse(changed("power.command", poweroff) | {"cards": {"keep_after": 120}}, Path())
    assert (made.power.command, made.keep_card_after) == (tuple(poweroff), 120)


def test_where_else_one_may_go_is_said_in_both_languages_or_not_at_all() -> None:
    assert parse(changed("terminal.nearest", {"zh": "大厅", "en": "Hall"}), Path("/")).nearest == Text("大厅", "Hall")
    assert parse(changed("terminal.test", False), Path("/")).nearest == EMPTY


def test_a_device_may_use_the_line_of_another_one() -> None:
    table = changed("devices.sensors", {"driver": "modbus_io", "port": "/dev/ttyUSB1"})
    table["devices"]["locker"] = {"driver": "locker", "on": "sensors", "unit": 2}
    locker = parse(table, Path()).device("locker")
    assert locker is not None
    assert (locker.on, locker.port, dict(locker.options)) == ("sensors", "", {"unit": 2})


def changed(path: str, value: object) -> dict[str, Any]:
    table = copy.deepcopy(GOOD)
    *folders, last = path.split(".")
    inner = table
    for folder in folders:
        inner = inner.setdefault(folder, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return table


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("terminal", None, "add a [terminal] table"),
        ("terminal.area_code", 140213, "terminal.area_code: must be a string"),
        ("terminal.area_code", "1402", "must be 6 digits"),
        ("terminal.street", {"zh": "南关街道"}, "terminal.street: must be { zh"),
        ("terminal.language", "fr", "use one of zh_CN, en"),
        ("terminal.test", "yes", "terminal.test: must be true or false"),
        ("data", None, "add a [data] table"),
        ("backend.url", None, "backend.url: is missing"),
        ("devices.toaster", {"driver": "x", "port": "y"}, "devices.toaster: unknown"),
        ("devices.id_reader.port", None, "devices.id_reader.port: is missing"),
        ("devices.id_reader", "sdt", "devices.id_reader must be a table"),
        ("devices.locker", {"driver": "locker"}, "devices.locker.port: is missing"),
        (
            "devices.locker",
            {"driver": "locker", "on": "sensors"},
            "devices.locker.on: 'sensors' is no device",
        ),
        (
            "devices.locker",
            {"driver": "locker", "on": "id_reader", "port": "/dev/x"},
            "port: is not for a device",
        ),
        ("screen.size", "tall", "write WIDTHxHEIGHT"),
        ("policy.face_threshold", "low", "policy.face_threshold: must be a number"),
        ("services.enabled", "pension", "services.enabled: must be a list"),
        ("services.enabled", ["pension"], "services.enabled: there is no service 'pension'; use one of "),
        ("policy.face_chek", False, "policy.face_chek: is not known; did you mean face_check?"),
        ("polcy", {"face_check": False}, "polcy: is not known; did you mean policy?"),
        ("terminal.colour", "red", "terminal.colour: is not known; use one of area_code, "),
        ("terminal.street", {"zh": "街", "en": "Street", "fr": "Rue"}, "terminal.street: must be { zh"),
        ("photo_decoder.libary", "x.so", "did you mean library?"),
        ("backend.enrollment_code", "x", "did you mean enrolment_code?"),
        ("power.command", "poweroff", "power.command: must be a list of strings"),
        ("power.command", ["systemctl", "poweroff"], "power.command: must begin with a program's whole path"),
        ("power.command", ["/bin/x", "\0"], "power.command: holds a null character"),
        ("power.comand", ["/bin/x"], "did you mean command?"),
        ("terminal.nearest", {"zh": "大厅"}, "terminal.nearest: must be { zh"),
        ("cards.keep_after", 5, "cards.keep_after: must be 30 to 86400 seconds"),
        ("cards.keep_after", "soon", "cards.keep_after: must be a number"),
    ],
)
def test_a_wrong_key_is_named_with_its_cure(path: str, value: object, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse(changed(path, value), Path("/"))
    assert words in str(caught.value)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read"):
        load(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[terminal\n")
    with pytest.raises(ProfileError, match="not valid TOML"):
        load(broken)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "9" * 5000, "not valid TOML"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a = '\udcff'", "not valid TOML"),
        (".".join(["a"] * 5000) + " = 1", "a"),
    ],
    ids=["long number", "deep list", "no text", "deep table"],
)
def test_a_file_that_python_cannot_hold_is_told_and_not_a_traceback(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ProfileError, match=words) as caught:
        load(file)
    assert str(file) in caught.value.advice


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('port = "/dev/video0', "lacks the quotation mark at its end"),
        ("port = /dev/video0", "straight quotation marks"),
        ("port = “/dev/video0”", "straight quotation marks"),
        ("test = yes", "true"),
        ("[data", r"stands in \[ and \]"),
        ("baud 9600", "name = value"),
        ("baud: 9600", "name = value"),
        ("[a]\n[a]", "take one of the two out"),
        ("a = 1\na = 2", "take one of the two out"),
    ],
)
def test_a_typing_error_is_told_with_its_line_and_in_words(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text("# first\n" + text + "\n", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"at line [23].*" + words):
        load(file)


def test_an_editor_that_begins_its_files_with_a_mark_or_writes_gbk(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    for encoding, words in (("utf-8-sig", "terminal: is missing"), ("gbk", "save the file as UTF-8")):
        file.write_text("# 终端\n[data]", encoding=encoding)
        with pytest.raises(ProfileError, match=words):
            load(file)


@pytest.mark.parametrize(
    ("path", "word"), [("terminal", "terminl"), ("data.folder", "foldr"), ("devices.id_reader.driver", "drivr")]
)
def test_a_misspelt_name_is_shown_where_the_right_one_is_missing(path: str, word: str) -> None:
    table = changed(path, None)
    *folders, last = path.split(".")
    inner, original = table, copy.deepcopy(GOOD)
    for folder in folders:
        inner, original = inner[folder], original[folder]
    inner[word] = original[last]
    with pytest.raises(ProfileError, match=f"{path}: is missing.*is {word} meant"):
        parse(table, Path("/"))


@pytest.mark.parametrize(
    "key", ["data.folder", "access.staff_secret_file", "photo_decoder.library", "devices.id_reader.port"]
)
def test_a_null_character_is_no_part_of_a_path(key: str) -> None:
    with pytest.raises(ProfileError, match=f"{key}: holds a null character"):
        parse(changed(key, "da\0ta"), Path("/"))


@pytest.mark.parametrize("text", ["", "1080", "x1920", "1080x", "0x0", "99999x10", "-1x5"])
def test_a_screen_size_is_checked(text: str) -> None:
    with pytest.raises(ProfileError):
        parse_size(text)


def test_services_that_there_are_can_be_chosen() -> None:
    assert parse(changed("services.enabled", ["pension_verification"]), Path("/")).services == ("pension_verification",)
