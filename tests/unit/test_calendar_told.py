"""How far the calendar reaches is told by the doctor, and by the audit log before it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk import doctor
from kiosk.documents import notice
from kiosk.domain import clock_words
from kiosk.domain.beijing import CHINA
from kiosk.domain.decision import Decision, Outcome, Rung
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import Text
from kiosk.domain.workdays import calendar_of, national
from kiosk.health.calendar import FIRST_SECONDS, CalendarWatch, examine
from kiosk.journal.journal import Journal
from kiosk.policy import PolicyError, applied, settings
from kiosk.policy import parse as parse_policy
from kiosk.profile import ProfileError, parse
from kiosk.services import telling
from kiosk.services.loader import load_builtin
from kiosk.services.model import Decider, Deciding, Handler
from tests.unit.test_profile import GOOD

FLOOD = [{"off": ["2026-07-08"], "source": "防汛指挥部通告"}]
END = date(2026, 12, 28)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "0352-0000000")


@pytest.fixture
def short():
    return replace(national(), until=END)


@pytest.mark.parametrize(("today", "state", "words"), [
    (date(2026, 10, 28), "ok", "until 2026-12-28"),
    (date(2026, 10, 29), "attention", "60 days left"),
    (END, "attention", "0 days left"),
    (date(2026, 12, 29), "attention", "ENDED"),
])  # fmt: skip
def test_the_doctor_warns_sixty_days_before(short, today: date, state: str, words: str) -> None:
    check = examine(short, today)
    assert (check.name, check.state) == ("calendar", state)
    assert words in check.finding
    assert ("chinesecalendar" in check.advice) == (state == "attention")


def test_who_decides_is_told_with_the_last_day() -> None:
    """Thu 12 Feb 2026: 13, Sat 14 made up, [15-23 off], 24, 25, 26, 27, Sat 28 made up is the seventh."""
    office, house = Text("街道办事处", "The street's office"), Text("供水公司", "The water company")
    pack = replace(
        load_builtin(PLACE)["pension_verification"], decides=Deciding(Decider.STREET, office, 7),
        handlers=(Handler(house, Text("装水表", "sets the meter"), 5),),
    )  # fmt: skip
    decision = Decision(Outcome.REFERRED, Rung.FINAL, pack.pack_id, pack.version, (), online=True)
    until = clock_words.until(national, datetime(2026, 2, 12, 23, tzinfo=CHINA))
    (told,) = telling.who_decides(pack, decision, until)
    assert told.zh == "由街道办事处决定，7 个工作日内（最迟 2026年2月28日）告诉您结果。"
    assert told.en == "The street's office decides, and you hear within 7 working days (by 2026-02-28 at the latest)."
    assert telling.who_decides(pack, decision)[0].zh == "由街道办事处决定，7 个工作日内告诉您结果。"
    (handed,) = telling.handed_on(pack, decision, until)
    assert handed.zh == "供水公司：装水表，5 个工作日内（最迟 2026年2月26日）"


def test_the_audit_log_has_it_once_before_and_once_after_the_end(short, tmp_path: Path) -> None:
    now = [datetime(2026, 10, 1, 9, tzinfo=CHINA)]
    trusted = [True]
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: now[0], durable=False) as journal:
        watch = CalendarWatch(journal, lambda: short, lambda: now[0], lambda: trusted[0])

        def told() -> int:
            watch.look()
            sql = "SELECT count(*) FROM audit WHERE event = 'calendar.ends'"
            return int(journal._read(lambda c: c.execute(sql).fetchone()[0]))

        assert told() == 0
        now[0], trusted[0] = now[0] + timedelta(days=40), False
        assert told() == 0, "a clock that cannot be believed knows no end"
        trusted[0] = True
        assert [told(), told()] == [1, 1]
        now[0] += timedelta(days=60)
        assert [told(), told()] == [2, 2]


def test_the_first_look_waits_for_the_first_frame(short) -> None:
    def never():
        raise AssertionError("asked for at the start")

    job = CalendarWatch(None, never, never, never).job()
    assert job.due > FIRST_SECONDS


def test_the_doctor_asks_the_calendar_of_the_terminal(tmp_path: Path) -> None:
    """With the days of its profile; how it stands depends on the day of this test."""
    check = doctor._calendar(parse(GOOD | {"calendar": {"days": FLOOD}}, tmp_path))
    assert check.name == "calendar"
    assert f"until {national().until}; entries of this place: 1" in check.finding


@pytest.mark.parametrize(("told_on", "by"), [
    ("2026-09-02", "2026 年 10 月 8 日"),  # + 30 is 2 October: off until Wed 7
    ("2026-04-09", "2026 年 5 月 9 日"),  # + 30 is a Saturday that is made up for
    ("2026-12-03", "2027 年 1 月 2 日"),  # a Saturday beyond the calendar: it stays as it is
])  # fmt: skip
def test_calendar_days_of_a_notice_end_on_a_working_day(short, told_on: str, by: str) -> None:
    rows = ("matter", "office", "applicant", "at", "result", "place", "phone")
    seed = PaperContent("notice", "receipt", "notice", "t", "c", "1", {**dict.fromkeys(rows, "x"), "rung": "receipt"},
                        mark={"shown": ""})  # fmt: skip
    meaning = notice.meaning_of(seed, "case")
    assert meaning.days == 30
    made = notice.notice(seed, meaning, date.fromisoformat(told_on), lambda: short)
    assert by in "\n".join(made.extra.values())


def test_a_profile_says_which_days_its_offices_are_closed(tmp_path: Path) -> None:
    profile = parse(GOOD | {"calendar": {"days": FLOOD}}, tmp_path)
    assert not calendar_of(profile.calendar).is_working(date(2026, 7, 8))
    assert parse(GOOD, tmp_path).calendar == ()


@pytest.mark.parametrize(
    "days", [3, [{"off": ["2026-07-08"]}], [{"year": 2500, "off": ["2500-01-01"], "source": "通告"}]]
)
def test_a_calendar_that_cannot_be_is_the_profiles_error(tmp_path: Path, days: object) -> None:
    with pytest.raises(ProfileError, match=r"calendar\.days: "):
        parse(GOOD | {"calendar": {"days": days}}, tmp_path)
    with pytest.raises(ProfileError, match=r"calendar\.dais"):
        parse(GOOD | {"calendar": {"dais": FLOOD}}, tmp_path)


def test_a_policy_closes_offices_from_afar_and_says_why(tmp_path: Path) -> None:
    profile = parse(GOOD, tmp_path)
    found = parse_policy('version = "1"\n[values]\ncalendar = [{ off = ["2026-07-08"], source = "防汛" }]\n'.encode())
    changed = applied(profile, found)
    assert not calendar_of(changed.calendar).is_working(date(2026, 7, 8))
    said = {each.key: (each.value, each.origin) for each in settings(profile, found, "140213, version 1")}
    assert said["calendar"] == ("防汛", "140213, version 1")
    assert {each.key: each.value for each in settings(profile, None)}["calendar"] == "the nation's"
    with pytest.raises(PolicyError, match=r"values\.calendar: "):
        parse_policy(b'version = "1"\n[values]\ncalendar = [{ off = ["2026-07-08"] }]\n')
