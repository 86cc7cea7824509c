"""kiosk doctor: its page says what is wrong and what to do, and its exit status can be relied on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kiosk.cli import main
from kiosk.health import readiness
from kiosk.health.readiness import Check, attention, broken, good


def test_the_page_names_what_is_broken_and_what_to_do_about_it() -> None:
    page = readiness.as_page(
        [good("disk", "3 GB free"), attention("face", "absent", "Install it."), broken("id_reader", "gone", "Plug in.")]
    )
    assert page.splitlines() == [
        "good       disk       3 GB free",
        "attention  face       absent",
        "                      -> Install it.",
        "BROKEN     id_reader  gone",
        "                      -> Plug in.",
        "",
        "1 broken: id_reader",
    ]


def test_what_a_device_or_a_profile_says_cannot_steer_the_operators_terminal() -> None:
    checks = [broken("id_reader", "gone\x1b[2J\x9b1m\u202e\nall is well\udc80", "Plug\x07 in.")]
    page = readiness.as_page(checks)
    assert len(page.splitlines()) == 4
    for text in (page, readiness.as_json(checks)):
        assert not {"\x1b", "\x9b", "\x07", "\u202e", "\udc80"} & set(text)
        assert "gone" in text


@pytest.mark.parametrize(
    ("checks", "ok", "last"),
    [
        ([good("a", "x")], True, "all is well"),
        ([attention("a", "x", "y")], True, "nothing is broken; 1 to look at when there is time"),
        ([broken("a", "x", "y"), good("b", "x")], False, "1 broken: a"),
    ],
)
def test_only_what_is_broken_makes_it_not_ok(checks: list[Check], ok: bool, last: str) -> None:
    assert readiness.ready(checks) is ok
    assert readiness.as_page(checks).splitlines()[-1] == last
    answer = json.loads(readiness.as_json(checks))
    assert answer["ok"] is ok
    assert set(answer["checks"][0]) == {"name", "state", "finding", "advice"}


def test_without_a_profile_it_examines_the_machine_alone(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert {check["name"] for check in answer["checks"]} == {
        "packages",
        "window",
        "fonts",
        "pinyin",
        "face",
        "attached",
    }
    assert status == (0 if answer["ok"] else 1)


def test_whoever_reads_the_report_may_have_seen_enough() -> None:
    shown = "from kiosk import doctor; doctor._say('x' * 100_000)"
    told = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{shown}" | head -c 5'], capture_output=True, timeout=30, check=False
    )
    assert (told.stdout, told.stderr) == (b"xxxxx", b"")
