"""The demo's terminal is a test terminal: its papers name a real office, so each says that it is a sample. It has a
publisher of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.simulators.applets import piv
from kiosk.access.cards import Member
from kiosk.access.files import staff_cards
from kiosk.access.roles import Role
from kiosk.cli import main
from kiosk.demo.cabinet import profile
from kiosk.demo.office import KEY, Office, public_key
from kiosk.demo.stage import DemoStage
from kiosk.services import signing

PORTS = {
    "network": "http://127.0.0.1:1", "id_reader": "/dev/null", "page_printer": "ipp://127.0.0.1:1/ipp/print",
    "receipt_printer": "tcp://127.0.0.1:1", "camera": "http://127.0.0.1:1/",
}  # fmt: skip


def test_the_demo_prints_samples(tmp_path: Path) -> None:
    made = profile(PORTS, tmp_path, enrolment_code="demo", size=(1080, 1920), language="zh_CN")
    assert made.test
    assert made.place.registrar


def test_where_there_is_a_slot_the_technicians_card_of_the_twins_opens_maintenance_mode(tmp_path: Path) -> None:
    more = {
        "card_reader": {"driver": "xfs4iot", "port": "ws://127.0.0.1:1/"},
        "staff_card": {"driver": "staff_card", "on": "card_reader"},
    }
    made = profile(PORTS, tmp_path, enrolment_code="demo", size=(1080, 1920), language="zh_CN", more=more)
    listed = staff_cards(made.staff_cards_file)
    assert set(listed.values()) == {Member("0417", Role.TECHNICIAN)}
    assert set(listed) == set(piv.certificates(piv.staff()))
    assert not set(listed) & set(piv.certificates(piv.staff(2)))


def test_the_demo_trusts_the_key_that_it_has_made_and_makes_no_second_one(tmp_path: Path) -> None:
    made = public_key(tmp_path, "international")
    assert public_key(tmp_path, "international") == made
    assert (tmp_path / KEY).stat().st_mode & 0o077 == 0
    terminal = profile(
        PORTS, tmp_path, enrolment_code="demo", size=(1080, 1920), language="zh_CN", publishing=[made]
    )  # fmt: skip
    assert terminal.publishing_keys == (signing.load_key(tmp_path / KEY).public,)


def test_a_pack_with_a_problem_is_not_published_and_the_script_is_told_which(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: bad\n", encoding="utf-8")
    public_key(tmp_path, "international")
    office = Office(tmp_path, "sqlite:////nowhere.db", lambda: None, dict)
    taken = office.publish(bad)
    office.close()  # waits for it
    with pytest.raises(ValueError, match=r"kiosk pack sign: .*bad\.yaml:1: "):
        taken()


def test_where_the_terminal_trusts_another_key_nobody_publishes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the demo's"):
        DemoStage(None, tmp_path / "staff.secret").publish(tmp_path / "pack.yaml")


def test_a_script_and_whoever_acts_beside_it_wait_for_each_other(tmp_path: Path) -> None:
    stage = DemoStage(None, tmp_path / "staff.secret", meetings=tmp_path / "meetings")
    go_on = stage.meet("applied")
    assert (tmp_path / "meetings" / "applied.here").exists()
    assert not go_on()
    (tmp_path / "meetings" / "applied.go").touch()
    assert go_on()
    with pytest.raises(ValueError, match="nobody can be met"):
        stage.meet("../elsewhere")


def test_a_key_that_is_none_is_told_before_anything_is_started(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["demo", "--headless", "--out", str(tmp_path / "out"), "--publishing-key", "nonsense"]) == 2
    assert "--publishing-key: give the public key" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
