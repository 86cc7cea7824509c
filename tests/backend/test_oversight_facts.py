"""From pushed cases to figures, samples, suspicions, reports: no person on the way, nothing of a case changed."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from sqlalchemy import select, text

from kiosk import wire
from kiosk.backend.oversight import desk, sampling
from kiosk.backend.oversight.finding import Finding
from kiosk.backend.oversight.frame import Frame
from kiosk.backend.oversight.frames import Loaded
from kiosk.backend.oversight.oversight import Oversight, _suspicion
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store import oversight_found as found
from kiosk.backend.store import oversight_tables as tables
from kiosk.domain import codes
from kiosk.domain.beijing import CHINA
from tests.backend.conftest import AREA, NOON, Clock, Server, Terminal
from tests.backend.lives_room import NUMBER, PACK

PHONE = "13800138000"


def filled(number: str = NUMBER, *typed: str) -> list[wire.PayloadField]:
    words = [wire.PayloadField(f"answer.{n}", text, "typed", "D") for n, text in enumerate(typed)]
    return [wire.PayloadField("applicant.number", number, "card", "A"), *words]


def rating(
    terminal: Terminal, case: wire.SealedItem, case_no: str, level: int, at: str, *, card: bool = False
) -> wire.SealedItem:
    options = ["510", "511"] if level == 5 else []
    said = wire.RatingPayload(case.id, case_no, "0" * 31, level, options, at, card)
    return terminal.seal(msgspec.json.encode(said), f"rating-{case.id}"[:64], "rating", meta={"case_no": case_no})


def season(terminal: Terminal, count: int = 24) -> list[wire.SealedItem]:
    """Cases of the days before, each six minutes long, every third one rated bad."""
    items = []
    for number in range(count):
        ended = NOON - timedelta(days=number % 6, hours=number // 6)
        case_no = terminal.number()
        case = terminal.case(
            case_no, started_at=(ended - timedelta(minutes=6)).isoformat(), committed_at=ended.isoformat(),
            rung="final", online=True, fields=filled(NUMBER, PHONE, f"某街道某号 {number}"),
            helped=["staff-7"] if number % 4 == 0 else [], **PACK,
        )  # fmt: skip
        level = 2 if number % 3 == 0 else 5
        rated_at = (ended + timedelta(seconds=12)).isoformat()
        items += [case, rating(terminal, case, case_no, level, rated_at, card=number == 5)]
    return items


def rows(backend: Any, table: Any) -> list[Any]:
    return backend._store.read(lambda c: list(c.execute(select(table)).all()))


@dataclass
class World:
    """A backend with a season's cases, for the tests that change nothing another one looks at; in their order."""

    server: Server
    terminal: Terminal
    clock: Clock
    oversight: Oversight


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, clock = tmp_path_factory.mktemp("oversight"), Clock()
    server = Server(Settings(f"sqlite:///{folder}/backend.db", str(folder / "blobs"), clock=clock))
    terminal = Terminal(server.port, clock)
    assert terminal.enrol(server.backend.issue_code(AREA, "Market Street")).status == 200
    assert {each.status for each in terminal.push(*season(terminal))} == {"accepted"}
    server.backend.lives.open_waiting()
    yield World(server, terminal, clock, Oversight.of(server.backend))
    server.stop()


def test_facts_hold_no_person_and_are_made_once(world: World) -> None:
    server, oversight = world.server, world.oversight
    assert oversight.gather() == 48
    assert oversight.gather() == 0
    found = rows(server.backend, tables.facts)
    assert len(found) == 24
    assert {round(row.seconds) for row in found} == {360}
    assert {row.carded for row in found} == {True}
    assert sum(row.helped for row in found) == 6
    assert len({row.answers for row in found}) == 24
    assert len({row.person for row in found}) == 1
    rated = rows(server.backend, tables.rated)
    assert {(row.level, row.reasons, round(row.delay)) for row in rated} == {(2, "", 12), (5, "510,511", 12)}
    assert sum(row.staff_card for row in rated) == 1
    everything = repr([tuple(row) for row in [*found, *rated]])
    for secret in (NUMBER, PHONE, "某号", "staff-7"):
        assert secret not in everything


def test_figures_are_those_of_the_cases(world: World) -> None:
    oversight, terminal = world.oversight, world.terminal
    assert oversight.refresh().cases == 24
    overview = oversight.overview()
    assert overview is not None
    assert (overview.whole.cases, overview.whole.approved, overview.whole.waiting) == (24, 24, 0)
    assert (overview.whole.rated, overview.whole.good, overview.whole.bad) == (24, 16, 8)
    assert overview.whole.seconds == 360
    assert overview.whole.hours == pytest.approx(0.1), "decided at the commit, six minutes after the first touch"
    assert [(line.key, line.cases) for line in overview.tables["street"]] == [(AREA, 24)]
    assert [(line.name, line.cases) for line in overview.tables["item"]] == [("高龄津贴申领", 24)]
    assert [line.key for line in overview.tables["terminal"]] == [terminal.id]
    assert [(each.key, each.hits) for each in overview.rankings["terminal bad"]] == [(terminal.id, 8)]
    assert sum(week.cases for week in overview.weeks) == 24
    assert oversight.overview(AREA[:4]) == msgspec.structs.replace(overview, area=AREA[:4])
    assert oversight.overview("99") is None


def test_overdue_cases_are_problems_with_a_score_however_old(server: Server, terminal: Terminal, clock: Clock) -> None:
    terminal.push(terminal.case(fields=filled(), outcome="referred", rung="final", **PACK))
    server.backend.lives.open_waiting()
    oversight = Oversight.of(server.backend)
    for days, counted in ((60, 1), (60, 0)):
        clock.move(days=days)
        oversight.refresh()
        overview = oversight.overview()
        assert overview is not None
        assert overview.whole.overdue == counted, "in the span of the figures, and before it"
        worst = overview.problems[0]
        assert (worst.kind, worst.count, worst.area) == ("overdue", 1, AREA)
        assert worst.score == pytest.approx(20.0), "weight 5, and four times for its age"


def test_a_day_is_drawn_once_and_can_be_drawn_again_by_anybody(world: World) -> None:
    """Of what came that day, whenever it was made: here all cases of six days."""
    oversight, server = world.oversight, world.server
    world.clock.move(days=1)
    day = NOON.astimezone(CHINA).date().isoformat()
    before = sampling.commitment(oversight._seed(day))
    drawn = oversight.draw(day)
    assert [(row.case_id, row.number) for row in oversight.draw(day)] == [(row.case_id, row.number) for row in drawn]
    kept = oversight.drawn_of(day)
    assert sampling.commitment(kept.seed) == before
    listed = [
        (row.case_id, row.terminal_id) for row in rows(server.backend, tables.facts) if _day(row.received_at) == day
    ]
    assert kept.population == sampling.population(listed)
    again = sampling.draw(kept.seed, day, random.Random(1).sample(listed, len(listed)), sampling.Design())
    assert [each.case_id for each in again] == [row.case_id for row in drawn]
    assert (len(listed), len(drawn)) == (24, 2)
    with pytest.raises(BackendError, match="not-over"):
        oversight.draw(world.clock().astimezone(CHINA).date().isoformat())


def test_who_holds_a_case_back_until_the_seed_is_known_has_it_drawn_all_the_same(
    server: Server, terminal: Terminal, clock: Clock
) -> None:
    oversight, day = Oversight.of(server.backend), NOON.astimezone(CHINA).date()
    made = terminal.case(fields=filled(), rung="final", **PACK)
    clock.move(days=1)
    assert oversight.draw(day.isoformat()) == []
    terminal.push(made)
    clock.move(days=1)
    later = (day + timedelta(days=1)).isoformat()
    assert [row.case_id for row in oversight.draw(later)] == [made.id]


def _day(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(CHINA).date().isoformat()


def test_the_first_word_on_a_sample_stays(world: World) -> None:
    oversight = world.oversight
    world.clock.move(days=1)
    day = NOON.astimezone(CHINA).date().isoformat()
    case_id = oversight.draw(day)[0].case_id
    with pytest.raises(BackendError, match="bad-finding"):
        oversight.put_down(day, case_id, "fine", "s-1")
    with pytest.raises(BackendError, match="no-such-sample"):
        oversight.put_down(day, case_id, "in_order", "s-1", ("99",))
    oversight.put_down(day, case_id, "made_up", "s-1")
    with pytest.raises(BackendError, match="no-such-sample"):
        oversight.put_down(day, case_id, "in_order", "s-2")
    assert oversight.found_counts()["made_up"] == 1


def test_copied_answers_are_suspected_and_a_verdict_stays(server: Server, terminal: Terminal, clock: Clock) -> None:
    items = []
    for number in range(20):
        ended = NOON - timedelta(days=number, minutes=7 * number)
        birth = f"19{50 + number}0101"
        who = f"110101{birth}123"
        items.append(
            terminal.case(
                started_at=(ended - timedelta(minutes=5 + number % 3)).isoformat(),
                committed_at=ended.isoformat(),
                fields=filled(who + codes.id_check_digit(who), PHONE, "某街道某号"),
                rung="final",
                **PACK,
            )
        )
    terminal.push(*items)
    oversight = Oversight.of(server.backend)
    assert oversight.refresh().fresh == 1
    (row,) = oversight.suspected()
    assert (row.kind, row.cases, row.terminal_id) == ("copied", 20, terminal.id)
    assert sorted(json.loads(row.case_ids)) == sorted(item.id for item in items)
    assert PHONE not in repr(tuple(row))
    with pytest.raises(BackendError, match="no-such-suspicion"):
        oversight.judge(row.id, "made_up", "s-1", ("99",))
    oversight.judge(row.id, "made_up", "s-1")
    assert oversight.refresh().fresh == 0
    assert [(each.id, each.verdict) for each in oversight.suspected()] == [(row.id, "made_up")]


def test_a_verdict_covers_what_was_judged_and_no_more(server: Server) -> None:
    """That eight cases with one set of answers are honest is no leave for a hundred."""
    row = {
        "id": "f" * 16, "kind": "copied", "terminal_id": "", "area_code": AREA, "first_at": "", "last_at": "",
        "cases": 8, "tries": 8, "expected": 0.1, "chance": 1e-9, "more": "{}", "case_ids": "[]", "found_at": "",
        "verdict": "",
        "verdict_by": "", "verdict_at": "",
    }  # fmt: skip

    def look(cases: int) -> list[tuple[int, str]]:
        store = server.backend._store
        store.write(lambda c: found.keep_suspicions(c, [dict(row, cases=cases)]))
        return sorted((each.cases, each.verdict) for each in store.read(found.suspected))

    oversight = Oversight.of(server.backend)
    assert (look(8), look(9)) == ([(8, "")], [(9, "")]), "what nobody has judged is as it was seen last"
    oversight.judge(row["id"], "honest", "s-1")
    with pytest.raises(BackendError, match="no-such-suspicion"):
        oversight.judge(row["id"], "made_up", "s-2")
    assert look(13) == [(9, "honest")]
    assert look(14) == [(9, "honest"), (14, "")]
    assert look(40) == [(9, "honest"), (40, "")]


def test_copies_in_two_streets_are_for_whoever_is_over_both() -> None:
    frame = Frame(*(np.array([0, 1], dtype=each) for each in (int,) * 3 + (float,) * 3 + (int,) * 3 + (bool,) * 3),
                  *(np.zeros(2, dtype=each) for each in (int, int, float)))  # fmt: skip
    loaded = Loaded(frame, ["a", "b"], ["t1", "t2"], ["330102001001", "330102002001"], ["i", "j"], [])
    both = Finding("copied", -1, np.array([0, 1]), 0.0, 1.0, 2, 2, 0.1, 1e-9, {"persons": 2})
    assert _suspicion(both, loaded, NOON)["area_code"] == "330102"
    one = Finding("copied", 1, np.array([1]), 0.0, 1.0, 1, 2, 0.1, 1e-9, {"persons": 1})
    assert _suspicion(one, loaded, NOON)["area_code"] == "330102002001"


def test_what_was_published_of_a_month_stays(server: Server, terminal: Terminal, clock: Clock) -> None:
    """A case that comes late changes nothing: the difference of two editions would tell of it alone."""
    oversight = Oversight.of(server.backend)
    terminal.push(terminal.case(fields=filled(), rung="final", **PACK))
    late = terminal.case(fields=filled(), rung="final", **PACK)
    clock.move(days=40)
    month = NOON.astimezone(CHINA).strftime("%Y-%m")
    first = oversight.publish(month, lambda rows: f"{len(rows)} case")
    assert first == "1 case"
    terminal.push(late)
    assert len(oversight.of_month(month)) == 2
    assert oversight.publish(month, lambda rows: f"{len(rows)} cases") == first


def test_what_is_no_code_of_a_reason_is_not_kept_in_clear(server: Server, terminal: Terminal) -> None:
    """A terminal that is broken, or another's, may write anything there: a name, a number, words."""
    case_no = terminal.number()
    case = terminal.case(case_no, fields=filled(), rung="final", **PACK)
    said = wire.RatingPayload(
        case.id, case_no, "0" * 31, 1, ["109", "张三 " + PHONE, NUMBER, "１０８"], NOON.isoformat()
    )
    assert {each.status for each in terminal.push(
        case, terminal.seal(msgspec.json.encode(said), f"rating-{case.id}"[:64], "rating", meta={"case_no": case_no})
    )} == {"accepted"}  # fmt: skip
    Oversight.of(server.backend).gather()
    assert [row.reasons for row in rows(server.backend, tables.rated)] == ["109"]


def test_facts_of_an_earlier_version_are_made_again(server: Server, terminal: Terminal) -> None:
    assert {each.status for each in terminal.push(*season(terminal, 2))} == {"accepted"}
    Oversight.of(server.backend).gather()
    server.backend._store.write(lambda c: c.execute(text("ALTER TABLE oversight_rated DROP COLUMN staff_card")))
    oversight = Oversight.of(server.backend)
    assert oversight.gather() == 2
    assert [row.staff_card for row in rows(server.backend, tables.rated)] == [False, False]


def test_a_test_case_is_nobodys_figure(server: Server, terminal: Terminal) -> None:
    item = terminal.case(fields=filled(), test=True, **PACK)
    (answer,) = terminal.push(replace(item, meta={**item.meta, "test": "1"}))
    assert answer.status == "accepted"
    assert Oversight.of(server.backend).gather() == 0


def test_the_command_reports_exports_samples_and_detects(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.clock.move(days=31)
    settings = world.server.backend.settings

    def run(what: str, **more: Any) -> list[dict[str, Any]]:
        assert desk.run(settings, desk.Wanted(what, **more)) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    openpyxl = pytest.importorskip("openpyxl", reason="pip install openpyxl")
    assert run("report", out=tmp_path / "report.xlsx")[0]["cases"] == 24
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "report.xlsx").read_bytes()))
    assert book["事项"]["C2"].value == 24
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert run("export", month="2026-05", out=tmp_path / "cases.csv")[0]["month"] == "2026-05"
    assert "合计" in (tmp_path / "cases.csv").read_text(encoding="utf-8-sig")
    day = NOON.astimezone(CHINA).date().isoformat()
    told = run("sample", day=day)
    assert told[0]["drawn"] == len(told) - 1 == 2
    case = next(each["case"] for each in told[1:] if not each["found"])
    found = run("sample", day=day, case_id=case, found="in_order", by="s-1")
    assert "in_order" in {each["found"] for each in found[1:]}
    assert len(run("commitments")) == 31
    assert run("detect") == []
    with pytest.raises(BackendError, match="bad-what"):
        desk.run(settings, desk.Wanted("else"))
