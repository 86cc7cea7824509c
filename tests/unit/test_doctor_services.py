"""The doctor says which matters these devices can finish, and what is lacking for the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from kiosk.health import services
from kiosk.health.readiness import attention, broken, good
from kiosk.profile import load
from kiosk.services.loader import load_builtin
from kiosk.services.model import Effective

PLACE = load(Path(__file__).parents[2] / "deploy" / "profiles" / "example.toml").place
PACKS = load_builtin(PLACE)
WELL = [good(kind, "ready") for kind in ("id_reader", "page_printer", "receipt_printer")]


def test_with_all_devices_well_every_matter_can_be_finished() -> None:
    check = services.examine(PACKS, WELL)
    assert check.state == "ok"
    for pack_id in PACKS:
        assert pack_id in check.finding


def test_a_broken_a4_printer_stops_the_licence_and_not_the_pension() -> None:
    devices = [
        check if check.name != "page_printer" else broken("page_printer", "media-empty", "Fill") for check in WELL
    ]
    check = services.examine(PACKS, devices)
    assert check.state == "attention"
    assert "individual_business (lacks page_printer)" in check.finding
    able = check.finding.partition("can: ")[2].split(", ")
    assert "pension_verification" in able
    assert "individual_business" not in able


def test_without_a_reader_nothing_can_and_a_printer_not_asked_is_not_counted() -> None:
    devices = [broken("id_reader", "not in the profile: …", "Add"), attention("page_printer", "in use", "Ask again")]
    check = services.examine(PACKS, devices)
    assert "pension_verification (lacks id_reader)" in check.finding
    assert "page_printer" not in check.finding
    assert "can:" not in check.finding


def test_a_printer_that_does_not_say_how_it_is_keeps_the_doctor_from_promising() -> None:
    devices = [check for check in WELL if check.name != "page_printer"]
    check = services.examine(PACKS, [*devices, attention("page_printer", "does not say how it is", "Try it.")])
    assert check.state == "attention"
    assert check.finding.endswith("but look at: page_printer")


def test_a_pack_near_its_last_day_is_told_and_one_that_is_over() -> None:
    pack, day = PACKS["pension_verification"], date(2026, 11, 26)
    told = {}
    for since, until in (
        ("", ""),
        ("2026-01-01", "2027-06-30"),
        ("", "2026-12-20"),
        ("", "2026-11-25"),
        ("2027-01-01", ""),
    ):
        checks = services.in_force({"p": replace(pack, effective=Effective(since, until))}, day)
        told[since, until] = [check.finding for check in checks]
        assert all(check.state == "attention" and check.advice for check in checks)
    assert told["", ""] == told["2026-01-01", "2027-06-30"] == []
    assert told["", "2026-12-20"] == ["p ends on 2026-12-20"]
    assert "not offered" in told["", "2026-11-25"][0]
    assert "not offered" in told["2027-01-01", ""][0]
