"""Room ``settings``: values typed and checked in words, the whole file checked before it is written, then on trial."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk import trial
from kiosk.access.roles import Deed, Role
from kiosk.health.attached import Port
from kiosk.maintenance import settings_fields
from kiosk.maintenance.room import Session
from kiosk.maintenance.settings import SettingsRoom
from kiosk.maintenance.settings_fields import FIXED, GROUPS, Setting, WrongValue, drivers, settings_of, written
from kiosk.policy import Policy
from kiosk.profile import DEVICE_KINDS, load
from kiosk.services.loader import BUILTIN, BUNDLES
from kiosk.sync.taking import InUse
from tests.unit.maintenance.room_world import ADMINISTRATOR, TECHNICIAN, Walker, house, same_keys, shown, texts

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "deploy/profiles").glob("*.toml"))
TEXT = """# This terminal, by hand.
[terminal]
area_code = "140213"
province = "山西省"
city = "大同市"
district = "平城区"
street = "南关街道"        # as everybody calls it
name = { zh = "3 号机", en = "No. 3" }
registrar = "大同市平城区行政审批服务管理局"
phone = "0352-12345"       # the counter

[data]
folder = "data"

[backend]
url = "http://127.0.0.1:9"

[policy]
closed = "00:00-06:00"     # nobody is here then

[devices.receipt_printer]
driver = "escpos"
port = "/dev/usb/lp0"      # the USB plug at the back
"""
PORTS = (Port("printer", "/dev/usb/lp1", "/dev/usb/lp1"), Port("serial line", "/dev/ttyUSB0", "/dev/serial/by-id/x"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "terminal.toml"
    made.write_text(TEXT, "utf-8")
    return made


Make = Callable[..., Walker]


@pytest.fixture
def make(tmp_path: Path, file: Path) -> Make:
    def made(standing: trial.Standing | None = None, session=ADMINISTRATOR, **changes: Any) -> Walker:
        place = house(tmp_path, **{"profile_file": file, **changes})
        return Walker(SettingsRoom(place, standing or trial.Standing(), lambda: PORTS), session)

    return made


def type_in(walk: Walker, key: str, value: str) -> None:
    walk.open(f"settings/{key}")
    walk.act("typed", value)
    walk.act("keep")


def try_them(walk: Walker) -> None:
    walk.open("settings")
    walk.act("try")
    walk.touch(walk.ask.yes)


def notice(walk: Walker) -> str:
    said = walk.page.notice
    return "" if said is None else shown(said.text)


# -- the values


def test_every_value_has_words_help_and_a_place_in_the_profile() -> None:
    keys = same_keys("settings")
    for setting in FIXED:
        assert f"maint.settings.key.{setting.key}" in keys
        assert setting.group in GROUPS
    helped = {key.removeprefix("maint.settings.help.") for key in keys if key.startswith("maint.settings.help.")}
    for setting in settings_of({"devices": {"sound": {}}}, (), drivers()):
        family = (
            setting.key.split(".")[2] if setting.key.startswith("devices.") else ".".join(setting.key.split(".")[:2])
        )
        assert family in helped, setting.key


def test_what_the_profile_takes_for_usual_is_what_the_page_says(tmp_path: Path) -> None:
    """A profile that says nothing, and one that says every usual value, are the same."""
    file = tmp_path / "a.toml"
    file.write_text(TEXT, "utf-8")
    usual = {each: each.usual for each in FIXED if each.usual and each.optional}
    assert len(usual) > 8
    text = written(TEXT.replace('closed = "00:00-06:00"', "#"), usual)
    before = load(file)
    file.write_text(text.replace("#     #", "#"), "utf-8")
    after = load(file)
    for name in ("size", "fullscreen", "language", "face_check", "face_liveness", "draft_days", "answer_days", "night",
                 "retention_days", "least_free_mb"):  # fmt: skip
        assert getattr(before, name) == getattr(after, name), name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_comments_and_order_of_every_example_stay(example: Path) -> None:
    text = example.read_text("utf-8")
    assert written(text, {}) == text
    by_key = {each.key: each for each in settings_of(tomllib.loads(text), (*BUILTIN, *BUNDLES), drivers())}
    changed = written(text, {by_key["terminal.name.en"]: "No. 9", by_key["policy.face_check"]: "off",
                             by_key["devices.id_reader.port"]: "usb:0400:c35a"})  # fmt: skip
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in changed.splitlines() if "#" in line] == comments
    table = tomllib.loads(changed)
    assert table["terminal"]["name"]["en"] == "No. 9"
    assert table["policy"]["face_check"] is False
    assert table["devices"]["id_reader"]["port"] == "usb:0400:c35a"


def test_a_text_that_was_the_same_in_both_languages_becomes_two() -> None:
    setting = next(each for each in FIXED if each.key == "terminal.street.en")
    table = tomllib.loads(written(TEXT, {setting: "Nanguan"}))
    assert table["terminal"]["street"] == {"zh": "南关街道", "en": "Nanguan"}
    nearest = next(each for each in FIXED if each.key == "terminal.nearest.zh")
    assert tomllib.loads(written(TEXT, {nearest: "北街"}))["terminal"]["nearest"] == {"zh": "北街", "en": "北街"}


def test_nothing_is_written_as_the_profile_means_it() -> None:
    by_key = {each.key: each for each in FIXED}
    text = written(TEXT, {by_key["policy.closed"]: "", by_key["night.hours"]: "", by_key["policy.face_threshold"]: ""})
    table = tomllib.loads(text)
    assert "closed" not in table["policy"]
    assert table["night"]["hours"] == ""
    assert "face_threshold" not in table["policy"]


@pytest.mark.parametrize(
    ("key", "typed", "code"),
    [
        ("terminal.name.zh", "  ", "empty"),
        ("terminal.name.zh", "x" * 81, "too-long"),
        ("terminal.name.zh", "a\x1bb", "unprintable"),
        ("terminal.phone", "abc", "phone"),
        ("backend.url", "http://backend.example", "url"),
        ("backend.url", "", "url"),
        ("policy.closed", "22-6", "window"),
        ("policy.draft_days", "31", "range"),
        ("policy.draft_days", "1e1", "range"),
        ("policy.face_threshold", "nan", "range"),
        ("policy.face_threshold", "3", "range"),
        ("cards.keep_after", "5", "range"),
        ("policy.face_check", "maybe", "switch"),
        ("screen.size", "1x1", "choice"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_words_beside_it(make: Make, key: str, typed: str, code: str) -> None:
    setting = next(each for each in FIXED if each.key == key)
    with pytest.raises(WrongValue) as wrong:
        setting.read(typed)
    assert wrong.value.code == code
    walk = make()
    type_in(walk, key, typed)
    assert walk.path == ("settings", key)
    assert walk.page.field is not None
    assert walk.page.field.error is not None
    walk.open("settings")
    assert not walk.button("try").enabled


# -- the pages


def test_each_value_is_shown_and_changed_ones_say_from_what_to_what(make) -> None:
    walk = make()
    walk.open("settings")
    assert shown(walk.row("terminal.name.en").detail) == "No. 3"
    assert shown(walk.row("policy.draft_days").detail) == "7"
    assert shown(walk.row("devices.receipt_printer.port").title).endswith("：接口")
    type_in(walk, "policy.draft_days", "3")
    assert walk.path == ("settings",)
    row = walk.row("policy.draft_days")
    assert (shown(row.detail), row.tone) == ("7 → 3", "attention")
    assert notice(walk) == "已记下，还没有生效。"
    type_in(walk, "policy.draft_days", "7")  # as it was
    assert not walk.button("try").enabled


def test_a_form_shows_what_is_typed_and_forgets_it_when_it_is_left(make) -> None:
    walk = make()
    walk.open("settings/terminal.phone")
    walk.act("typed", "123")
    assert walk.page.field is not None
    assert walk.page.field.value == "123"
    walk.open("settings")
    walk.open("settings/terminal.phone")
    assert walk.page.field is not None
    assert walk.page.field.value == "0352-12345"


def test_a_one_time_code_is_shown_as_set_only(make, file) -> None:
    file.write_text(TEXT.replace('url = "http://127.0.0.1:9"', 'url = "http://127.0.0.1:9"\nenrolment_code = "S3CR3T"'))
    walk = make()
    walk.open("settings")
    assert shown(walk.row("backend.enrolment_code").detail) == "已填"
    walk.open("settings/backend.enrolment_code")
    assert walk.page.field is not None
    assert walk.page.field.value == ""


def test_ports_of_this_machine_are_touched_and_others_typed(make) -> None:
    walk = make()
    walk.open("settings/devices.receipt_printer.port")
    walk.touch(walk.row("port-0").button)
    assert shown(walk.row("devices.receipt_printer.port").detail) == "/dev/usb/lp0 → /dev/usb/lp1"
    walk.open("settings/devices.receipt_printer.port")
    walk.touch(walk.button("type"))
    walk.act("typed", "tcp://printer.local:9100")
    walk.act("keep")
    assert "tcp://printer.local:9100" in shown(walk.row("devices.receipt_printer.port").detail)


def test_services_are_turned_off_one_by_one_and_one_stays(make) -> None:
    walk = make()
    walk.open("settings/services.enabled")
    walk.touch(walk.row(BUILTIN[0]).button)
    walk.act("keep")
    assert shown(walk.row("services.enabled").detail) == f"全部 → {len((*BUILTIN, *BUNDLES)) - 1} 项"
    walk.open("settings/services.enabled")
    for each in (*BUILTIN[1:], *BUNDLES):
        walk.touch(walk.row(each).button)
    assert shown(walk.page.lead) == "至少要留一项。"
    assert [row.key for row in walk.page.rows if row.tone == "ok"] == [BUNDLES[-1]]


def test_a_value_that_the_operators_policy_sets_says_so(make) -> None:
    walk = make()
    walk.room._house.afar.found = InUse({}, {}, Policy("1", {"draft_days": 2}))
    walk.open("settings")
    assert "以策略为准" in shown(walk.row("policy.draft_days").detail)
    assert walk.open("settings/policy.draft_days").lead is not None


def test_a_technician_looks_and_changes_nothing(make) -> None:
    walk = make(session=TECHNICIAN)
    walk.open("settings/terminal.phone")
    for act in ("typed", "chosen", "toggle", "keep", "usual", "discard", "try", "try.yes", "confirm", "roll_back",
                "roll_back.yes"):  # fmt: skip
        assert walk.room.deed(walk.path, act) is Deed.CHANGE_SETTINGS
    assert not TECHNICIAN.may(Deed.CHANGE_SETTINGS)


def test_a_log_in_inside_an_address_is_shown_to_nobody_who_may_not_change_it(make, file) -> None:
    key, address = "devices.receipt_printer.port", "rtsp://admin:Geheim7@10.0.0.9/main"
    file.write_text(TEXT.replace("/dev/usb/lp0", address), "utf-8")
    walk = make(session=TECHNICIAN)
    for path in ("settings", f"settings/{key}", f"settings/{key}/type"):
        page = walk.open(path)
        value = page.field.value if page.field is not None else ""
        said = "".join((*texts(page), *texts(page, "en"), value))
        assert "10.0.0.9" in said
        assert "Geheim7" not in said
    page = make().open(f"settings/{key}/type")
    assert page.field is not None
    assert page.field.value == address, "whoever changes it sees what stands there"


def test_what_one_administrator_has_gathered_is_not_tried_in_anothers_name(make) -> None:
    walk = make()
    type_in(walk, "terminal.phone", "0352-54321")
    walk.open("settings")
    assert walk.button("try").enabled
    other = Walker(walk.room, Session(Role.ADMINISTRATOR, "0999"))
    other.open("settings")
    assert not other.button("try").enabled


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_tried(make, monkeypatch, file) -> None:
    monkeypatch.setattr(trial, "writable", lambda file: False)
    walk = make()
    type_in(walk, "policy.draft_days", "3")
    walk.open("settings")
    assert str(file.parent) in shown(walk.page.lead)
    assert not walk.button("try").enabled


def test_a_terminal_without_a_file_says_so(make) -> None:
    walk = make(profile_file=None)
    assert "没有设置文件" in shown(walk.open("settings").lead)


# -- the trial


def test_a_trial_writes_the_file_restarts_and_says_who(make, file) -> None:
    walk = make()
    type_in(walk, "policy.draft_days", "3")
    walk.open("settings")
    walk.act("try.yes")  # without the question: nothing
    assert file.read_text("utf-8") == TEXT
    try_them(walk)
    assert load(file).draft_days == 3
    assert "# the USB plug at the back" in file.read_text("utf-8")
    assert (walk.room._house.afar.asked, walk.desk.left) == (["restart"], 1)
    assert walk.desk.rows == [("profile.tried", {"fields": 1})]
    standing = trial.at_start(file)
    assert standing.trial is not None
    assert standing.who == "0001"


def test_on_trial_the_page_asks_for_a_word_and_confirming_keeps_it(make, file) -> None:
    trial.begin(file, TEXT.replace("0352-12345", "110").encode())
    walk = make(trial.at_start(file))
    page = walk.open("settings")
    assert page.tone == "attention"
    assert "14:3" in shown(page.lead)
    assert [button.name for button in page.buttons] == ["confirm", "roll_back"]
    walk.touch(walk.button("confirm"))
    assert walk.desk.rows == [("profile.confirmed", {})]
    assert trial.at_start(file) == trial.Standing()
    assert load(file).place.phone == "110"
    assert [button.name for button in walk.page.buttons] == ["try", "discard"]


def test_going_back_is_asked_and_restarts(make, file) -> None:
    trial.begin(file, TEXT.replace("0352-12345", "110").encode())
    walk = make(trial.at_start(file))
    walk.open("settings")
    walk.touch(walk.button("roll_back"))
    walk.touch(walk.ask.yes)
    assert file.read_text("utf-8") == TEXT
    assert (walk.room._house.afar.asked, walk.desk.left) == (["restart"], 1)


def test_a_confirmation_that_comes_too_late_is_told(make, file) -> None:
    trial.begin(file, TEXT.replace("0352-12345", "110").encode())
    standing = trial.at_start(file)
    walk = make(standing)
    walk.open("settings")
    assert standing.trial is not None
    assert standing.trial.roll_back(trial.NOT_CONFIRMED)
    walk.act("confirm")
    assert "自动恢复" in notice(walk)
    assert walk.desk.rows == []


@pytest.mark.parametrize("reason", [trial.NOT_CONFIRMED, trial.STARTED_OFTEN, trial.REFUSED, trial.BROKEN, trial.ASKED])
def test_after_a_roll_back_the_page_says_why(make, reason: str) -> None:
    walk = make(trial.Standing(ended=reason))
    walk.open("settings")
    assert notice(walk).startswith("上一次试用没有保留")
    assert reason not in notice(walk)


def test_what_a_start_would_refuse_is_not_written(make, file) -> None:
    before = TEXT + "baud = 9600\n"
    file.write_text(before, "utf-8")
    walk = make()
    walk.open("settings/devices.receipt_printer.driver")
    walk.act("chosen", "xfs4iot")  # which takes no baud
    walk.act("keep")
    try_them(walk)
    assert file.read_text("utf-8") == before
    assert "devices.receipt_printer" in notice(walk)
    assert walk.desk.rows == []
    assert walk.desk.left == 0


def test_roots_that_are_not_there_are_not_written(make, file) -> None:
    walk = make()
    type_in(walk, "backend.roots", "/nowhere/roots.pem")
    try_them(walk)
    assert file.read_text("utf-8") == TEXT
    assert "backend.roots" in notice(walk)


def test_a_file_that_was_spoilt_by_hand_meanwhile_is_told(make, file) -> None:
    walk = make()
    type_in(walk, "policy.draft_days", "3")
    walk.open("settings")
    walk.act("try")
    file.write_text("spoilt [", "utf-8")
    walk.touch(walk.ask.yes)
    assert file.read_text("utf-8") == "spoilt ["
    assert "读不出来" in notice(walk)


def test_every_driver_of_the_page_is_one_of_the_cabinet() -> None:
    found = drivers()
    assert set(found) == set(DEVICE_KINDS)
    assert found["receipt_printer"] == ("escpos", "xfs4iot")
    setting = next(each for each in settings_of(tomllib.loads(TEXT), (), found) if each.key.endswith(".driver"))
    assert isinstance(setting, Setting)
    assert setting.choices == found["receipt_printer"]
    assert settings_fields.LONGEST == 80


def test_what_is_about_to_be_tried_stands_first(make: Make) -> None:
    walk = make()
    type_in(walk, "terminal.phone", "0352-5550000")
    keys = [row.key for row in walk.open("settings").rows]
    assert keys[:3] == ["section-changed", "terminal.phone", "section-place"]
    assert keys.count("terminal.phone") == 1
    walk.act("discard")
    assert "section-changed" not in [row.key for row in walk.page.rows]
