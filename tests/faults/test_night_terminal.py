"""The night's test of a whole terminal before its twins and a real backend (KIOSK_PEER_NIGHT=1): what is planted in a
twin, in the line or on the disk is found, the synthetic case arrives, and the healthy terminal is silent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk import nightly
from kiosk.counter.actors import Actor
from kiosk.demo.cabinet import profile
from kiosk.documents import test_page
from kiosk.domain.beijing import CHINA
from kiosk.health.chain import LAST
from kiosk.health.loops import Loop
from kiosk.health.loops_camera import Commission
from kiosk.health.loops_of_cabinet import for_the_night
from kiosk.health.loops_print import Bench, TestPage
from kiosk.health.night import Night
from kiosk.health.proofs import Proof
from kiosk.health.references import References
from kiosk.sync.clock import Reading, Trust
from kiosk.terminal import Terminal
from tests.crash.terminal_world import until, world

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("KIOSK_PEER_NIGHT"), reason="a whole terminal: KIOSK_PEER_NIGHT=1"),
]
THREE = datetime(2026, 6, 10, 3, 0, tzinfo=CHINA)  # far from the end of the calendar, which is a finding of its own


@dataclass
class Scene:
    """``shift``: how far the night's own clock is ahead of the machine's, so that it is three in the morning."""

    terminal: Terminal
    act: Callable[..., object]
    shift: timedelta
    papers: Path
    restless: tuple[tuple[str, int], ...] = ()
    loops: tuple[Loop, ...] = ()

    def now(self) -> datetime:
        return datetime.now(CHINA) + self.shift

    def reading(self) -> Reading:
        seen = self.terminal._client.time.look()  # type: ignore[union-attr]
        return Reading(seen.wall + self.shift, seen.running, seen.boot_id, Trust.CONFIRMED, seen.offset)

    def night(self) -> Night:
        terminal = self.terminal
        assert terminal.journal is not None
        assert terminal._client is not None
        assert terminal._sync is not None
        assert terminal._manager is not None
        made = nightly.assemble(
            profile=terminal._profile, journal=terminal.journal, client=terminal._client, sync=terminal._sync,
            statuses=terminal._manager.statuses, packs=lambda: terminal._packs, standing=terminal._standing,
            restless=lambda: self.restless, free=lambda: True, crashed=pytest.fail, now=self.now,
            loops=lambda: self.loops,
        )  # fmt: skip
        made._reading = self.reading
        return made

    def tonight(self) -> dict[str, Proof]:
        """One night, and on to the next. What is new, by its code."""
        night = self.night()
        assert night.due()
        found = {each.code: each for each in night.test()}
        assert not night.due()
        self.shift += timedelta(days=1)
        return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("night")
    bugs: list[BaseException] = []
    with world(folder) as demo:
        made = profile(
            demo.ports, folder, enrolment_code=demo.enrolment_code, size=(1080, 1920), language="zh_CN"
        )  # fmt: skip
        terminal = Terminal(made, decoder=SimulatedPhotoDecoder(), failed=bugs.append)
        try:
            terminal.start()
            assert terminal.wait_ready(30)
            assert until(lambda: terminal.journal is not None and terminal.journal.numbers_left("tcase") > 0, 20)
            yield Scene(terminal, demo.control.do, THREE - datetime.now(CHINA), demo.papers)
        finally:
            terminal.stop()
        assert bugs == []


def refreshed(scene: Scene, kind: str, well: bool) -> None:
    manager = scene.terminal._manager
    assert manager is not None

    def looked() -> bool:
        manager[kind].refresh()
        return manager[kind].status.usable is well

    assert until(looked, 20), manager[kind].status


def test_a_healthy_terminal_is_silent_and_its_case_arrives(scene: Scene) -> None:
    assert scene.tonight() == {}
    journal = scene.terminal.journal
    assert journal is not None
    case_id = journal.meta(LAST) or ""
    assert journal.state_of(case_id) == "acknowledged"
    assert journal.result_of(case_id) == "confirmed"
    (row,) = [each for each in journal.cases() if each.case_id == case_id]
    assert row.test
    proof = next(each for each in journal.latest_proofs() if (each.subject, each.test) == ("chain", "case"))
    assert proof.code == "chain-whole"
    assert float(proof.values[0]) < 30
    assert scene.tonight() == {}


def test_paper_out_in_the_twin_is_found_once_and_its_end_too(scene: Scene) -> None:
    scene.act("receipt_printer", "paper-out")
    refreshed(scene, "receipt_printer", well=False)
    found = scene.tonight()
    assert set(found) == {"paper-out"}
    assert found["paper-out"].subject == "receipt_printer"
    assert scene.tonight() == {}
    scene.act("receipt_printer", "ok")
    refreshed(scene, "receipt_printer", well=True)
    assert scene.tonight() == {}
    assert scene.terminal._afar is not None
    assert not [name for name in scene.terminal._afar.diagnostics() if name.startswith("night.")]


def test_an_actor_that_restarts_too_often_is_found_and_told_to_operators(scene: Scene) -> None:
    scene.restless = (("camera", 9),)
    assert set(scene.tonight()) == {"actor-restless"}
    assert scene.terminal._afar is not None
    told = scene.terminal._afar.diagnostics()["night.1"]
    assert told == "soon actors actor-restless camera (9x)"
    scene.restless = ()
    assert scene.tonight() == {}


@dataclass
class Exit:
    """A document camera that sees what the printer has put out: the twin is shown the newest page before it looks."""

    scene: Scene
    actor: Actor
    streak: str = ""

    def submit(self, command: Any, timeout: float) -> Any:
        newest = max(self.scene.papers.glob("*.pdf"), key=lambda file: file.stat().st_mtime_ns)
        more = {"streak": self.streak} if self.streak else {}
        self.scene.act("document_camera", "lay-print", file=str(newest), **more)
        return self.actor.submit(command, timeout)


def test_what_cameras_and_glass_and_print_show_is_found(scene: Scene) -> None:
    terminal = scene.terminal
    manager, documents = terminal._manager, terminal._documents
    assert manager is not None
    assert documents is not None
    references = References(terminal._profile.data)
    actors = {name: manager[name] for name in manager}
    scene.act("document_camera", "take")
    taken = Commission("document_camera", actors["document_camera"], references, scene.now).run()
    assert taken.outcome == "passed", taken
    bench = Bench(
        documents.render,
        lambda kind, at, serial: test_page.content(
            terminal._profile.place, terminal="T-1", at=at, serial=serial, printer=kind, software="1"
        ),
        lambda: "0001",
        scene.now,
    )
    exit_ = Exit(scene, actors["document_camera"])
    usual = [
        loop for loop in for_the_night(terminal._profile, actors, references, bench, scene.now)
        if loop.subject == "document_camera"
    ]  # fmt: skip

    def codes() -> set[str]:
        scene.act("document_camera", "take")
        scene.loops = (*usual, TestPage(bench, actors["page_printer"], exit_))  # type: ignore[arg-type]
        return set(scene.tonight())

    assert codes() == set()
    scene.act("document_camera", "dirty", at="lower")
    assert codes() == {"glass-dirty-lower"}
    scene.act("document_camera", "clean")
    exit_.streak = "left"
    assert codes() == {"print-streaked-left"}
    assert codes() == set()  # told once
    exit_.streak = ""
    assert codes() == set()
    scene.act("document_camera", "take")
    scene.act("document_camera", "covered")
    scene.loops = tuple(loop for loop in usual if loop.test == "covered")
    assert set(scene.tonight()) == {"sight-covered"}
    scene.act("document_camera", "ok")
    scene.loops = ()


def test_a_line_that_is_down_is_said_to_be_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.health.chain.SECONDS", 3.0)
    monkeypatch.setattr(type(scene.terminal._sync), "kick", lambda self: None)
    monkeypatch.setattr(type(scene.terminal._sync), "online", property(lambda self: False))
    journal = scene.terminal.journal
    assert journal is not None
    night = scene.night()
    chain = next(each for each in night._looks() if each.name == "chain.case")
    chain.look.args[0]._seconds = 3.0  # type: ignore[attr-defined]
    (proof,) = chain.look()
    # the sync thread is not stopped: where it was quicker, the case has arrived after all
    assert (proof.outcome, proof.code) in {("unsure", "chain-line"), ("passed", "chain-whole")}


def test_nothing_of_it_is_seen_by_a_reviewer(scene: Scene, tmp_path: Path) -> None:
    """The counts of the backend, as /metrics tells them."""
    import urllib.request

    url = scene.terminal._profile.backend_url
    with urllib.request.urlopen(f"{url}/metrics") as reply:  # loopback
        told = dict(line.split() for line in reply.read().decode().splitlines() if not line.startswith("#"))
    assert told["kiosk_cases"] == "0"
    assert int(told["kiosk_test_cases"]) >= 2
