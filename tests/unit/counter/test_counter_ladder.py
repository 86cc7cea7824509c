"""The offline ladder, rung by rung, with packs made for it: what is written, printed and promised on each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from devices.contracts.device import State as DeviceState
from devices.contracts.device import Status
from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.counter.abilities import abilities
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import Shelf
from kiosk.documents import compose
from kiosk.domain import ladder
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Outcome, Rung, Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.place import Place
from kiosk.domain.text import Language, Text
from kiosk.domain.workdays import national
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block
from kiosk.journal.sealing import item_info, new_sealing_pair, unseal
from kiosk.services import forms, rules, telling
from kiosk.services.check import check_pack
from kiosk.services.loader import load_pack, placed
from kiosk.services.model import Decider, Deciding, ServicePack, Verdict
from kiosk.visit.effects import Commit
from kiosk.visit.events import CommitFailed, Committed
from kiosk.wire import CasePayload

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "0352-0000000")
NUMBER = "14021319580301002" + id_check_digit("14021319580301002")
RECEIVED = {
    "heading": {"zh": "已经收件", "en": "Received"},
    "lead": {"zh": "日期算数，以后告诉您结果。", "en": "The date counts; you will hear later."},
    "holds": {"zh": "申请收到了。", "en": "Your application is received."},
    "next": {"zh": "等通知，不用再来。", "en": "Wait to hear; no need to come again."},
}
CLOCKS = {"accept": 5, "decide": 20, "basis": "《行政许可法》第三十二条、第四十二条"}
LIMITED = {
    "summary": {"zh": "现在先收件", "en": "Taken now"},
    "lead": {"zh": "现在先收件。", "en": "Taken now."},
    "errands": 1,
}
RUNGS = tuple(Rung)


def raw_of(rung: Rung) -> dict[str, Any]:
    """The pension check as it would be on this rung."""
    source = (files("kiosk.services") / "builtin" / "pension_verification.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(source)
    raw |= {"id": f"pack_{rung.value}", "offline": rung.value}
    if rung in (Rung.RECEIPT, Rung.PROVISIONAL):
        raw["guide"]["limited"] = {"network": LIMITED}
    if rung is Rung.RECEIPT:
        raw["clocks"] = CLOCKS
        raw["outcome_texts"]["received"] = RECEIVED
    return raw


def written(folder: Path, raw: dict[str, Any]) -> Path:
    file = folder / f"{raw['id']}.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> dict[Rung, ServicePack]:
    """A pack of each rung, from a file, checked in full as a foreign one is."""
    folder = tmp_path_factory.mktemp("packs")
    return {rung: placed(load_pack(written(folder, raw_of(rung))), PLACE) for rung in RUNGS}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False) as journal:
        journal.add_block(Block("case", 1, 50))
        yield journal


Make = Callable[..., Committed | CommitFailed]
PRIVATE, PUBLIC = new_sealing_pair()


@pytest.fixture
def commit(journal: Journal, packs: dict[Rung, ServicePack]) -> Make:
    standing = Standing("t-1", PUBLIC, "k1")
    desk = CommitDesk(journal, Shelf(journal, lambda: NOW), PLACE, lambda: standing, lambda: NOW, test=False)

    def make(
        rung: Rung, *, online: bool, born: int = 1958, verification: Verification = Verification.FACE,
        language: Language = "zh_CN",
    ) -> Committed | CommitFailed:  # fmt: skip
        document = IdentityDocument(
            DocumentKind.RESIDENT, NUMBER, "王某某", "2", date(born, 3, 1), date(2015, 1, 1), None
        )  # fmt: skip
        pack = packs[rung]
        envelope = Envelope().with_fields(forms.prefill(pack, document))
        return desk.commit(Commit(pack, document, envelope, verification, None, (), NOW, language, online))

    return make


def payload(journal: Journal, case_id: str) -> CasePayload:
    (item,) = journal.due(NOW, 10, 1 << 20)
    return wire.read_case(unseal(item.sealed, PRIVATE, item_info("t-1", case_id)))


def said(made: Committed) -> str:
    (paper,) = made.papers
    return "\n".join(
        [*paper.values.values(), *(f"{a} {b}" for a, b in paper.rows), *paper.extra, *paper.extra.values()]
    )


def able(pack: ServicePack, *, online: bool) -> Verdict:
    ready = {kind: Status(DeviceState.ONLINE) for kind in ("id_reader", "receipt_printer", "page_printer", "camera")}
    found = abilities(
        {pack.pack_id: pack}, ready, online=online, enrolled=True, numbers_left=lambda kind: 9
    )  # fmt: skip
    return found.abilities[pack.pack_id].verdict


# -- the table ---------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_rung_and_a_promise_in_both_languages() -> None:
    rows = tomllib.loads((files("kiosk.domain") / "data" / "ladder.toml").read_text(encoding="utf-8"))
    assert set(ladder.table()) == set(rows) == {"online", *(rung.value for rung in Rung)}
    for name, step in ladder.table().items():
        assert step.promise.zh, name
        assert step.promise.en, name
        assert bool(step.paper.zh) == bool(step.paper.en) == (step.commits and name != "online")
        assert not step.holds or step.decides
        assert not step.decides or step.commits
        assert not step.certificate or step.holds


def test_the_readme_shows_the_table_as_it_is() -> None:
    readme = (Path(ladder.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name, step in ladder.table().items():
        words = ["yes" if value else "no" for value in (step.commits, step.decides, step.holds, step.certificate)]
        assert f"| `{name}` | {' | '.join(words)} | {step.before} |" in readme


@pytest.mark.parametrize("rung", RUNGS)
def test_with_a_line_every_rung_is_decided_here(commit: Make, journal: Journal, rung: Rung) -> None:
    made = commit(rung, online=True)
    assert isinstance(made, Committed)
    assert (made.decision.outcome, made.decision.rung, made.decision.effective) == (Outcome.APPROVED, Rung.FINAL, True)
    assert journal.counts().committed == 1
    assert "这张回执是什么" not in made.papers[0].extra, "a paper that holds has nothing to explain"
    assert made.papers[0].mark["rung"] == "final"


@pytest.mark.parametrize(
    ("rung", "online", "verdict"),
    [
        *((rung, True, Verdict.CAN) for rung in RUNGS),
        (Rung.SAVE, False, Verdict.CANNOT),
        (Rung.RECEIPT, False, Verdict.LIMITED),
        (Rung.PROVISIONAL, False, Verdict.LIMITED),
        (Rung.FINAL, False, Verdict.CAN),
    ],
)
def test_it_is_said_before_log_in(packs: dict[Rung, ServicePack], rung: Rung, online: bool, verdict: Verdict) -> None:
    assert able(packs[rung], online=online) is verdict


# -- without a line ----------------------------------------------------------------------------------


def test_save_commits_nothing_and_spends_nothing(commit: Make, journal: Journal) -> None:
    """Also where the line went after the guide: nothing is in the journal, no number is gone."""
    before = (journal.head(), journal.numbers_left("case"))
    assert commit(Rung.SAVE, online=False) == CommitFailed("needs_network")
    assert journal.counts().committed == 0
    assert (journal.head(), journal.numbers_left("case")) == before


def test_nobody_decides_on_the_rung_save(packs: dict[Rung, ServicePack]) -> None:
    document = IdentityDocument(DocumentKind.RESIDENT, NUMBER, "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None)
    facts = rules.facts_of(document, Envelope(), Verification.FACE, None, online=False, today=NOW.date())
    with pytest.raises(AssertionError, match="not to be decided"):
        rules.decide(packs[Rung.SAVE], facts)


def test_receipt_takes_in_with_its_date_and_the_clocks_and_decides_nothing(commit: Make, journal: Journal) -> None:
    made = commit(Rung.RECEIPT, online=False)
    assert isinstance(made, Committed)
    assert (made.decision.outcome, made.decision.rung) == (Outcome.RECEIVED, Rung.RECEIPT)
    assert not made.decision.effective
    words = said(made)
    for part in ("2026-11-22 10:30", "已经收件，以后作出决定", "还没有作出决定", "从 2026-11-22 收件这天起",
                 "5 个工作日内（最迟 2026年11月27日）", "就算受理", "25 个工作日内（最迟 2026年12月25日）",
                 "第三十二条"):  # fmt: skip
        assert part in words
    assert "认证通过" not in words
    assert payload(journal, made.draft.case_id).outcome == "received"


def test_where_the_calendar_has_run_out_the_days_stand_there_without_a_date(commit: Make, packs: dict) -> None:
    """Sunday 22 Nov: five days end on Fri 27; of the twenty after them the calendar knows the first."""
    made = commit(Rung.RECEIPT, online=False)
    assert isinstance(made, Committed)
    short = replace(national(), until=date(2026, 11, 30))
    for language, first, second in (
        ("zh_CN", "5 个工作日内（最迟 2026年11月27日）告诉您", "25 个工作日内作出决定"),
        ("en", "within 5 working days (by 2026-11-27 at the latest) you", "within 25 working days it is decided"),
    ):
        (paper,) = compose.papers(packs[Rung.RECEIPT], made.draft, case_no=made.case_no, credit_code="", place=PLACE,
                                  committed_at=NOW, language=language, calendar=lambda: short)  # fmt: skip
        words = "\n".join(paper.extra.values())
        assert first in words
        assert second in words


@pytest.mark.parametrize("born", [1958, 1990], ids=["who would be approved", "who would be refused"])
def test_on_the_rung_receipt_nothing_is_decided_and_nobody_is_promised_a_yes(commit: Make, born: int) -> None:
    made = commit(Rung.RECEIPT, online=False, born=born, language="en")
    assert isinstance(made, Committed)
    assert made.decision.outcome is Outcome.RECEIVED
    assert "Nothing is decided yet" in said(made)
    assert "within 5 working days" in said(made)
    assert ("As the rules stand now" in said(made)) == (born == 1990)


def test_who_will_be_refused_is_told_why_and_where_to_go_and_by_whom_it_is_decided(
    commit: Make, packs: dict[Rung, ServicePack], journal: Journal
) -> None:
    """The paper says that it decides nothing, and sends nobody home to wait for what the rules will refuse."""
    made = commit(Rung.RECEIPT, online=False, born=1990)
    assert isinstance(made, Committed)
    refusing = next(rule for rule in packs[Rung.RECEIPT].rules if rule.outcome == "refused")
    (paper,) = made.papers
    assert paper.extra["照规则现在看"].split("\n") == [refusing.because.zh, telling.NOT_YET.zh]
    assert paper.extra["接下来请您"] == refusing.go.zh, "and not to wait for a notice"
    assert "接下来谁来办" not in paper.extra
    assert payload(journal, made.draft.case_id).outcome == "received", "the backend decides"


def test_a_promise_of_the_pack_is_the_last_day_on_the_receipt_without_a_line(commit: Make, packs: dict) -> None:
    made = commit(Rung.RECEIPT, online=False)
    assert isinstance(made, Committed)
    promised = replace(packs[Rung.RECEIPT], decides=Deciding(Decider.STREET, Text("街道", "Street"), 10))
    for outcome in (Outcome.RECEIVED, Outcome.REFERRED):
        draft = replace(made.draft, decision=replace(made.decision, outcome=outcome))
        (paper,) = compose.papers(promised, draft, case_no=made.case_no, credit_code="", place=PLACE, committed_at=NOW)
        words = "\n".join(paper.extra.values())
        days = set(re.findall(r"最迟 ([^）]+)）", words))
        assert days == {"2026年11月27日", "2026年12月4日"}, "to be accepted, and to be decided: no third day"


def test_provisional_says_in_words_that_it_is_to_be_confirmed(commit: Make, journal: Journal) -> None:
    made = commit(Rung.PROVISIONAL, online=False)
    assert isinstance(made, Committed)
    assert (made.decision.outcome, made.decision.rung) == (Outcome.APPROVED, Rung.PROVISIONAL)
    assert not made.decision.effective
    assert "这是待确认的决定" in made.papers[0].extra["这张回执是什么"]
    assert made.papers[0].mark["rung"] == "provisional"
    assert payload(journal, made.draft.case_id).rung == "provisional"


def test_a_provisional_no_is_to_be_confirmed_too(commit: Make) -> None:
    made = commit(Rung.PROVISIONAL, online=False, born=1990)
    assert isinstance(made, Committed)
    assert made.decision.outcome is Outcome.REFUSED
    assert not made.decision.effective
    assert "这是待确认的决定" in said(made)


def test_final_holds_from_now(commit: Make) -> None:
    made = commit(Rung.FINAL, online=False)
    assert isinstance(made, Committed)
    assert (made.decision.outcome, made.decision.rung, made.decision.effective) == (Outcome.APPROVED, Rung.FINAL, True)
    assert "这是已经生效的决定" in said(made)
    assert "认证通过" in said(made)


@pytest.mark.parametrize("rung", [Rung.RECEIPT, Rung.PROVISIONAL, Rung.FINAL])
def test_what_goes_to_a_person_is_decided_by_nobody_here(commit: Make, rung: Rung) -> None:
    made = commit(rung, online=False, verification=Verification.LATER)
    assert isinstance(made, Committed)
    assert made.decision.outcome is Outcome.REFERRED
    words = said(made)
    assert "由工作人员办理" in words
    assert "这是待确认的决定" not in words
    assert "这是已经生效的决定" not in words
    assert ("就算受理" in words) == (rung is Rung.RECEIPT), "the clocks run from the day of receipt"


# -- the packs ---------------------------------------------------------------------------------------


def test_a_pack_that_does_not_fit_its_rung_is_named(tmp_path: Path) -> None:
    lacking, idle = raw_of(Rung.RECEIPT), raw_of(Rung.FINAL)
    del lacking["clocks"], lacking["outcome_texts"]["received"]
    idle["clocks"] = CLOCKS
    idle["outcome_texts"]["received"] = RECEIVED
    for raw in (lacking, idle):
        found = {problem.path: problem for problem in check_pack(written(tmp_path, raw))}
        assert set(found) == {"clocks", "outcome_texts.received"}
        assert all("receipt" in problem.message for problem in found.values())


def test_outcomes_move_only_where_nothing_may_be_decided() -> None:
    for rung in (Rung.PROVISIONAL, Rung.FINAL):
        for outcome in Outcome:
            assert ladder.outcome(outcome, rung, online=False) is outcome
    moved = {outcome: ladder.outcome(outcome, Rung.RECEIPT, online=False) for outcome in Outcome}
    assert moved == dict.fromkeys(Outcome, Outcome.RECEIVED) | {Outcome.REFERRED: Outcome.REFERRED}
    assert all(ladder.outcome(outcome, Rung.RECEIPT, online=True) is outcome for outcome in Outcome)


def test_a_decision_keeps_what_was_looked_at_for_whoever_decides_later(commit: Make) -> None:
    made = commit(Rung.RECEIPT, online=False)
    assert isinstance(made, Committed)
    assert [rule.rule_id for rule in made.decision.rules] == ["P-20", "P-10", "P-11"]
    assert made.draft.decision == made.decision
