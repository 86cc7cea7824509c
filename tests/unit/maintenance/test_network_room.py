"""Room ``network``: each step in words, what failed with what to do, what follows it not checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.health import steps
from kiosk.health.line_proofs import proofs_of
from kiosk.health.steps import STEPS, Found
from kiosk.journal.journal import Journal
from kiosk.maintenance.network import NetworkRoom
from tests.unit.maintenance.room_world import NOW, Desk, Walker, house, opened, same_keys, shown


def walker(tmp_path: Path, *found: Found, desk: Desk | None = None, journal: Journal | None = None) -> Walker:
    return Walker(NetworkRoom(house(tmp_path, journal or opened(tmp_path)), lambda line: iter(found)), desk=desk)


GOOD = tuple(Found(step, "passed", code, values, 0.012) for step, code, values in (
    ("name", "known", ("backend.example", "192.0.2.1")), ("route", "ok", ("eth0",)),
    ("connect", "open", ("backend.example", 443)), ("tls", "system", (80, "2027-02-15")), ("backend", "signed", ()),
    ("clock", "right-signed", (1,)),
))  # fmt: skip


def test_all_is_well(tmp_path) -> None:
    walk = walker(tmp_path, *GOOD)
    page = walk.open("network")
    assert (page.tone, [row.tone for row in page.rows]) == ("ok", ["ok"] * len(STEPS))
    assert shown(page.rows[1].detail) == "经 eth0 出去（12 毫秒）"
    assert walk.desk.rows == [("network.tested", {"failed": "none", "code": "right-signed"})]


def test_a_step_that_failed_says_what_to_do_and_the_rest_was_not_checked(tmp_path) -> None:
    walk = walker(tmp_path, *GOOD[:2], Found("connect", "failed", "refused", ("backend.example", 443), 0.2))
    page = walk.open("network")
    assert page.tone == "broken"
    assert [row.tone for row in page.rows] == ["ok", "ok", "broken", "unknown", "unknown", "unknown"]
    assert "联系运维值班" in shown(page.rows[2].detail)
    assert shown(page.rows[3].detail) == "未检查"
    assert walk.desk.rows == [("network.tested", {"failed": "connect", "code": "refused"})]


@pytest.mark.parametrize(
    ("walk", "proofs"),
    [
        (GOOD, {"line": ("passed", "line-whole"), "certificate": ("passed", "certificate-holds", "2027-02-15"),
                "time": ("passed", "clock-right", "1")}),
        ((*GOOD[:1], Found("route", "failed", "no-cable", ("eth0",))), {"line": ("failed", "line-route")}),
        ((Found("tls", "passed", "plain"), Found("clock", "passed", "right", (1,))),
         {"line": ("passed", "line-whole"), "time": ("passed", "clock-plausible")}),
        ((Found("tls", "attention", "ends-soon", (3, "2026-11-30")), Found("backend", "failed", "unwell", (502,))),
         {"line": ("failed", "line-backend"), "certificate": ("failed", "certificate-ends", "2026-11-30", "3")}),
        ((Found("clock", "failed", "ahead", (150,)),),
         {"line": ("failed", "line-clock"), "time": ("failed", "clock-wrong", "2")}),
        ((Found("clock", "failed", "jumped", (1,)),),
         {"line": ("failed", "line-clock"), "time": ("failed", "clock-impossible")}),
    ],
)  # fmt: skip
def test_what_a_walk_has_proven_ends_what_the_night_has_found(walk, proofs) -> None:
    found = proofs_of(walk, NOW, "0417")
    assert {each.test: (each.outcome, each.code, *each.values) for each in found} == proofs
    assert {(each.at, each.by) for each in found} == {(NOW, "0417")}


def test_a_walk_is_a_recorded_test_of_whoever_had_it_walked(tmp_path) -> None:
    journal = opened(tmp_path)
    walker(tmp_path, *GOOD[:2], Found("connect", "failed", "refused", ("backend.example", 443)), journal=journal).open(
        "network"
    )
    assert [(each.code, each.by) for each in journal.latest_proofs()] == [("line-connect", "0417")]
    journal.close()


def test_while_it_runs_the_steps_show_one_by_one_and_nothing_else_begins(tmp_path) -> None:
    desk = Desk(later=True)
    walk = walker(tmp_path, *GOOD, desk=desk)
    page = walk.open("network")
    assert not page.buttons[0].enabled
    assert {shown(row.detail) for row in page.rows} == {"等前一步"}
    walk.act("again")
    assert len(desk.jobs) == 1
    desk.finish()
    assert walk.page.buttons[0].enabled


def test_a_page_that_was_left_is_told_no_more(tmp_path) -> None:
    desk = Desk(later=True)
    walk = walker(tmp_path, *GOOD, desk=desk)
    walk.open("network")
    walk.room.leave(("network",))
    desk.finish()
    assert desk.changes == 0
    assert desk.rows == []


def test_a_clock_that_is_off_is_told_in_the_largest_unit(tmp_path) -> None:
    walk = walker(tmp_path, Found("clock", "failed", "ahead", (2400,), 0.001))
    assert shown(walk.open("network").rows[5].detail).startswith("快了 40 分钟（1 毫秒）")


FINE = {
    "known",
    "address",
    "ok",
    "local",
    "open",
    "plain",
    "pinned",
    "system",
    "signed",
    "right",
    "right-signed",
    "other",
}


def codes() -> set[str]:
    """Every code that a step can find, out of the program's text."""
    source = Path(steps.__file__).read_text("utf-8")
    return set(re.findall(r'_(?:good|bad|note)\(\s*"([a-z-]+)"', source))


def test_every_finding_has_its_words_and_its_cure() -> None:
    keys = same_keys("network")
    found = {key: key.split(".", 3)[2:] for key in keys if key.count(".") == 3}
    known = {code for step, code in found.values() if step in STEPS}
    assert len(codes()) > 12
    assert codes() <= known
    for step, code in found.values():
        if step in STEPS and code not in FINE:
            assert f"maint.network.do.{step}-{code}" in keys


@pytest.mark.parametrize("code", ["half-reply", "bad-json", "not-http"])
def test_a_finding_without_words_of_its_own_still_says_what_to_do(tmp_path, code) -> None:
    walk = walker(tmp_path, *GOOD[:4], Found("backend", "failed", code))
    assert "没有得到后台的正常应答" in shown(walk.open("network").rows[4].detail)
