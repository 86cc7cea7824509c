"""What an operator does from afar reaches the terminal between two visits, never in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from kiosk import __version__
from kiosk.doctor import examine
from kiosk.domain.beijing import beijing_now
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.profile import Profile
from kiosk.services import signing
from kiosk.services.loader import load_builtin
from kiosk.services.signing import PublishingKey
from kiosk.sync import commands, manifest, taking
from kiosk.sync.artefacts import ArtefactFolder
from kiosk.terminal import Terminal
from kiosk.visit.events import NextPressed, QuitPressed, Started
from kiosk.visit.screen import NoticeBody
from tests.faults.publishing_room import PENSION, pack_text
from tests.unit.doctor_room import PROFILE
from tests.unit.test_terminal import SECONDS, Watched
from tests.unit.test_terminal import profile as profile  # a fixture

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def key(tmp_path: Path) -> PublishingKey:
    return signing.make_key(tmp_path / "publishing.key")


def take(data: Path, key: PublishingKey, version: str, policy: str = "") -> None:
    """As a pass of the sync leaves it."""
    folder = ArtefactFolder(data / taking.FOLDER)
    made = []
    for kind, name, number, text in (("pack", PENSION, version, pack_text(version)), ("policy", "policy", "1", policy)):
        if text:
            artefact = signing.sign_artefact(kind, name, number, text.encode(), key)
            folder.put(artefact.sha256, text.encode())
            made.append(taking.Used(artefact, "all", 7, __version__))
    folder.put(taking.USED, msgspec.json.encode(made))


class Place:
    """A terminal that knows a publishing key, and whether it was told to begin anew."""

    def __init__(self, profile: Profile, key: PublishingKey) -> None:
        self.profile, self.key = replace(profile, publishing_keys=(key.public,)), key
        self.restarted = threading.Event()
        self.watched: Watched | None = None

    def start(self) -> Watched:
        self.watched = Watched(self.profile)
        self.watched.terminal._restart = self.restarted.set
        self.watched.terminal.start()
        assert self.watched.page("attract") is not None
        assert self.watched.terminal.wait_ready(SECONDS)
        return self.watched

    @property
    def terminal(self) -> Terminal:
        assert self.watched is not None
        return self.watched.terminal

    def version(self) -> str:
        return self.terminal._packs[PENSION].version

    def until(self, true: Callable[[], bool]) -> None:
        """The next screen comes when the core has done something: looked at after each."""
        assert self.watched is not None
        with self.watched.heard:
            assert self.watched.heard.wait_for(true, SECONDS)


@pytest.fixture
def place(profile: Profile, key: PublishingKey) -> Iterator[Place]:
    made = Place(profile, key)
    yield made
    if made.watched is not None:
        made.watched.terminal.stop()
        assert made.watched.failures == []


def leave(place: Place) -> None:
    """The citizen goes, and touches the farewell away."""
    assert place.watched is not None
    seen = len(place.watched.screens)
    place.terminal.post(QuitPressed())
    assert place.watched.page("farewell", seen) is not None
    place.terminal.post(NextPressed())


def test_packs_and_policy_hold_from_the_start(place):
    take(place.profile.data, place.key, "9.0.0", 'version = "1"\n[values]\nface_check = false\nretention_days = 5\n')
    place.start()
    assert place.version() == "9.0.0"
    assert (place.terminal._profile.face_check, place.terminal._profile.retention_days) == (False, 5)
    assert place.profile.face_check
    assert place.terminal._runner._visit.machine.face_check is False


def test_a_pack_is_taken_up_between_two_visits(place):
    watched = place.start()
    own = load_builtin()[PENSION].version
    terminal = place.terminal
    terminal.post(Started())
    assert watched.page("home") is not None
    take(place.profile.data, place.key, "9.0.0")
    seen = len(watched.screens)
    terminal._afar.changed()
    terminal.post(Started())  # something to be answered after it
    place.until(lambda: len(watched.screens) > seen)
    assert place.version() == own
    assert terminal._runner._visit.machine.packs[PENSION].version == own
    leave(place)
    place.until(lambda: place.version() == "9.0.0")
    assert terminal._runner._visit.machine.packs[PENSION].version == "9.0.0"
    assert not place.restarted.is_set()


def test_a_policy_is_taken_up_by_a_restart_between_two_visits(place):
    watched = place.start()
    place.terminal.post(Started())
    assert watched.page("home") is not None
    take(place.profile.data, place.key, "9.0.0", 'version = "1"\n[values]\nvolume = 5\n')
    place.terminal._afar.changed()
    assert not place.restarted.is_set()
    leave(place)
    assert place.restarted.wait(SECONDS)


def test_a_terminal_that_cannot_begin_anew_says_so(place):
    place.start()
    place.terminal._afar._restart = None
    assert place.terminal._afar.restart() is False


def close(place: Place, reason: str, until: str = "") -> None:
    told = msgspec.json.encode(commands.Closed(reason, until)).decode() if reason else ""
    place.terminal.journal.set_meta(commands.CLOSED, told)
    place.terminal._afar.look_at_closed()


def test_closed_by_an_operator_lets_who_is_here_finish_and_nobody_begin(place):
    watched = place.start()
    place.terminal.post(Started())
    assert watched.page("home") is not None
    close(place, "maintenance")
    seen = len(watched.screens)
    leave(place)
    screen = watched.page("out_of_service", seen)
    assert screen is not None
    assert screen.body == NoticeBody("closed_maintenance")
    seen = len(watched.screens)
    close(place, "")
    assert watched.page("attract", seen) is not None
    seen = len(watched.screens)
    close(place, "venue")
    assert watched.page("out_of_service", seen) is not None


def test_closed_holds_over_a_restart_and_ends_at_its_time(place):
    place.start()
    close(place, "operator", (beijing_now() + timedelta(hours=1)).isoformat())
    place.terminal.stop()
    place.watched = Watched(place.profile)
    place.watched.terminal.start()
    assert place.watched.page("out_of_service") is not None
    assert place.terminal.wait_ready(SECONDS)
    place.terminal._afar._now = lambda: beijing_now() + timedelta(hours=2)
    seen = len(place.watched.screens)
    place.terminal._afar.look_at_closed()
    assert place.watched.page("attract", seen) is not None


def test_hours_of_service(place):
    place.profile = replace(place.profile, closed=None)
    take(place.profile.data, place.key, "9.0.0", 'version = "1"\n[values]\nclosed = "02:00-03:00"\n')
    watched = place.start()
    day = beijing_now()

    def at(hour: int) -> Callable[[], datetime]:
        return lambda: day.replace(hour=hour, minute=30)

    for hour, page in ((2, "out_of_service"), (3, "attract")):
        seen = len(watched.screens)
        place.terminal._afar._now = at(hour)
        place.terminal._afar.look_at_closed()
        screen = watched.page(page, seen)
        assert screen is not None
    assert NoticeBody("closed_hours", "03:00") in [screen.body for screen in watched.screens]


def test_what_staff_close_on_the_spot_outlasts_a_restart_and_says_when(place):
    place.start()
    soon = beijing_now() + timedelta(hours=1)
    place.terminal._afar.close_here("paper", soon)
    place.terminal.stop()
    place.watched = Watched(place.profile)
    place.watched.terminal.start()
    screen = place.watched.page("out_of_service")
    assert screen is not None
    assert screen.body == NoticeBody("closed_paper", f"{soon:%H:%M}")
    assert place.terminal.wait_ready(SECONDS)
    assert place.terminal._afar.diagnostics()["closed"] == f"paper {soon:%H:%M}"
    seen = len(place.watched.screens)
    place.terminal._afar._now = lambda: soon + timedelta(hours=2)
    place.terminal._afar.look_at_closed()  # its time is over: nobody has said that it is whole
    place.until(lambda: NoticeBody("closed_paper") in [one.body for one in place.watched.screens[seen:]])
    place.terminal._afar.open_here()
    assert place.watched.page("attract", seen) is not None


def test_an_operators_word_counts_before_that_of_staff_on_the_spot(place):
    watched = place.start()
    afar = place.terminal._afar
    afar.close_here("repair", None)
    assert watched.page("out_of_service") is not None
    close(place, "venue")
    place.until(lambda: NoticeBody("closed_venue") in [screen.body for screen in watched.screens])
    afar.open_here()
    assert afar.closed == "venue"  # staff do not open what the operator has closed
    close(place, "")
    assert afar.closed == ""


def test_diagnostics_are_short_words_of_nobody(place):
    place.start()
    found = place.terminal._afar.diagnostics()
    assert found["version"] == __version__
    assert {"queued", "clock", "state", f"pack.{PENSION}"} <= set(found)
    assert len(found) <= 64
    assert all(len(name) <= 64 and len(text) <= 256 and text.isprintable() for name, text in found.items())


def doctor(tmp_path: Path, key: PublishingKey, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    file = tmp_path / "profile.toml"
    keys = f'[publishing]\nkeys = ["{signing.wire.b64(key.public)}"]\n'
    file.write_text(PROFILE.format(url="http://127.0.0.1:9") + keys)
    examine(file, as_json=True)
    return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_the_doctor_says_what_is_in_use_where_it_comes_from_and_what_is_refused(tmp_path, key, capsys):
    data = tmp_path / "data"
    take(data, key, "9.0.0", 'version = "2026-06"\n[values]\ndraft_days = 3\n')
    with Journal.open(data / "journal", load_or_create_key(data / "journal")) as journal:
        checks = doctor(tmp_path, key, capsys)
        assert "pension_verification 9.0.0 (from all 7)" in checks["packs"]["finding"]
        assert "(built in)" in checks["packs"]["finding"]
        assert "draft_days 3 (all 7, version 2026-06)" in checks["policy"]["finding"]
        assert "face_check on (profile)" in checks["policy"]["finding"]
        assert checks["publishing"]["state"] == "ok"
        journal.set_meta(manifest.TROUBLE, msgspec.json.encode(manifest.Trouble("rolled-back", 3)).decode())
        journal.set_meta(commands.CLOSED, msgspec.json.encode(commands.Closed("maintenance")).decode())
        refusal = taking.Refusal("0" * 64, PENSION, "9.1.0", "pack-invalid", __version__)
        journal.set_meta(taking.REFUSED, msgspec.json.encode([refusal]).decode())
        checks = doctor(tmp_path, key, capsys)
        assert "rolled-back" in checks["publishing"]["finding"]
        assert "9.1.0: pack-invalid" in checks["packs"]["finding"]
        assert "maintenance" in checks["service"]["finding"]
        assert {checks[name]["state"] for name in ("publishing", "packs", "service")} == {"attention"}


def test_the_doctor_says_that_staff_have_closed_it(tmp_path, capsys):
    file = tmp_path / "profile.toml"
    file.write_text(PROFILE.format(url="http://127.0.0.1:9"))
    folder = tmp_path / "data" / "journal"
    with Journal.open(folder, load_or_create_key(folder)) as journal:
        journal.set_meta(commands.CLOSED_HERE, msgspec.json.encode(commands.ClosedHere("repair")).decode())
        examine(file, as_json=True)
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["service"]["state"] == "attention"
    assert "repair" in checks["service"]["finding"]


def test_the_doctor_of_a_terminal_without_publishers_says_that(tmp_path, capsys):
    file = tmp_path / "profile.toml"
    file.write_text(PROFILE.format(url="http://127.0.0.1:9"))
    examine(file, as_json=True)
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "no publishing key" in checks["publishing"]["finding"]
    assert "packs" not in checks


def test_a_process_begins_anew_as_the_same_process(tmp_path):
    """Whoever started it (a service manager, a shell) sees no end."""
    script = tmp_path / "program.py"
    script.write_text(
        "import os, sys\n"
        "from kiosk.running import begin_anew\n"
        "print(os.getpid(), sys.argv[1:], flush=True)\n"
        "if 'SECOND_LIFE' not in os.environ:\n"
        "    os.environ['SECOND_LIFE'] = '1'\n"
        "    begin_anew()\n"
    )
    command = [sys.executable, str(script), "--profile", "a file"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.endswith("['--profile', 'a file']")
