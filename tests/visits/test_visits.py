"""Scripted citizens through the real window, real wires and a real backend; the papers and the report they leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from kiosk.domain.codes import case_no_valid, credit_code_valid

HERE = Path(__file__).parent
SAMPLES = ("pension", "individual_business")
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Played:
    """What one `kiosk demo` left."""

    status: int
    said: str
    out: Path
    report: dict[str, Any]

    def visit(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(visit for visit in self.report["visits"] if Path(visit["script"]).stem == name)
        return found


def play(
    out: Path, *names: str, options: tuple[str, ...] = (), pictures: str = "few", seconds: float = 280
) -> Played:  # fmt: skip
    scripts = [part for name in names for part in ("--visit", str(HERE / f"{name}.toml"))]
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "demo", "--headless", *scripts, "--out", str(out),
         "--pictures", pictures, *options],
        capture_output=True, text=True, timeout=seconds, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return Played(ended.returncode, ended.stdout + ended.stderr, out, report)


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("online"), *SAMPLES, pictures="all")


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("offline"), *SAMPLES, options=("--offline",))


def test_both_sample_visits_end_as_expected(online: Played) -> None:
    assert online.status == 0, online.said
    assert online.report["ok"]
    assert [visit["outcome"] for visit in online.report["visits"]] == ["approved", "approved"]
    assert all(case_no_valid(visit["case_no"]) for visit in online.report["visits"])
    assert len({visit["case_id"] for visit in online.report["visits"]}) == 2


def test_every_case_is_acknowledged_and_none_is_doubled(online: Played) -> None:
    assert online.report["journal"] == {"committed": 2, "acknowledged": 2, "queued": 0, "quarantined": 0}
    assert online.report["backend"] == {"cases": 2, "duplicates": 0}


def test_the_licence_can_be_read_and_its_credit_code_is_right(online: Played) -> None:
    (licence,) = [name for name in online.report["documents"] if name.endswith(".pdf")]
    document = pypdfium2.PdfDocument(online.out / licence)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    document.close()
    squeezed = "".join(text.split())
    assert "营业执照" in squeezed
    assert "大同市平城区南关小面馆（个体工商户）" in squeezed
    (code,) = re.findall(r"92140213[0-9A-Z]{10}", squeezed)
    assert credit_code_valid(code)
    assert re.search(r"\d{4}年\d{1,2}月\d{1,2}日", squeezed)


def test_there_is_a_picture_of_every_page_passed(online: Played) -> None:
    for visit in online.report["visits"]:
        name = Path(visit["script"]).stem
        shown = {
            shot.split("-")[2].removesuffix(".png") for shot in online.report["shots"] if shot.startswith(f"{name}-")
        }
        assert set(visit["states"]) - {"wiping", "committing"} <= shown
    assert all((online.out / shot).stat().st_size > 10_000 for shot in online.report["shots"])


def test_the_receipts_lie_beside_the_report(online: Played) -> None:
    receipts = [name for name in online.report["documents"] if name.endswith(".png")]
    assert len(receipts) == 2
    assert all((online.out / name).read_bytes().startswith(b"\x89PNG") for name in receipts)


def test_the_window_said_nothing_that_a_developer_should_hear(online: Played) -> None:
    assert "qml" not in online.said.lower()
    assert "Traceback" not in online.said


def test_without_a_network_the_visits_end_honestly_and_the_cases_wait(offline: Played) -> None:
    assert offline.status == 0, offline.said
    assert offline.report["journal"]["queued"] == 2
    assert offline.report["journal"]["acknowledged"] == 0
    assert not any(name.endswith(".pdf") for name in offline.report["documents"])


def test_when_the_backend_returns_each_case_is_acknowledged_once_without_a_new_write(offline: Played) -> None:
    later = offline.report["reconnected"]
    assert later["new_cases"] == 0
    assert later["journal"] == {"committed": 2, "acknowledged": 2, "queued": 0, "quarantined": 0}
    assert later["backend"] == {"cases": 2, "duplicates": 0}


@pytest.fixture(scope="module")
def one_fails(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Somebody in large type, and after them a script that expects what never comes."""
    script = tmp_path_factory.mktemp("scripts") / "wrong.toml"
    script.write_text(
        '[[step]]\ntouch = "attract-start"\n[[step]]\nsee = "words that stand nowhere"\nwithin = 1\n', encoding="utf-8"
    )
    return play(tmp_path_factory.mktemp("one_fails"), "large_type", str(script.with_suffix("")))


def test_in_large_type_nothing_is_promised_or_signed_before_it_was_in_sight(one_fails: Played) -> None:
    assert one_fails.visit("large_type")["ok"], one_fails.said
    assert one_fails.visit("large_type")["states"].count("sign") == 1


def test_a_script_that_expects_something_else_fails_the_demo(one_fails: Played) -> None:
    assert one_fails.status == 1
    assert not one_fails.report["ok"]
    assert not one_fails.visit("wrong")["ok"]
    assert "step 2: see" in one_fails.said
