"""Decisions of generated visits: none falls between the rules, all explain themselves, and are made again the same.

What is generated can come about: answers that the form lets through, in the situation that they make, papers and a
promise that it asks for; cards of every kind, good and bad; days around year ends and leap days. Cards that the
terminal turns away before the form (a wrong kind, an expired one) are among them: the table has to know them too.

A few cases of each pack always; more with KIOSK_FUZZ_DECISIONS=N. What was seen
(outcomes, rules that never fired) is written as one line a pack to the file KIOSK_FUZZ_DECISIONS_SEEN, if named.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.documents import compose, wording
from kiosk.domain import codes, ladder
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import CaseDraft, Commitment, Material
from kiosk.domain.decision import Outcome, Verification
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.place import Place
from kiosk.domain.register import ANSWER, FOUND, NONE
from kiosk.domain.text import Language
from kiosk.services import forms, replay, rules, situations, telling
from kiosk.services.expressions import condition
from kiosk.services.loader import BUILTIN, builtin
from kiosk.services.model import REGISTER, Question, QuestionKind, ServicePack
from kiosk.services.rules import Facts
from kiosk.sync import encode_case
from kiosk.wire import CasePayload

COUNT = int(os.environ.get("KIOSK_FUZZ_DECISIONS", "30"))
SEEN = os.environ.get("KIOSK_FUZZ_DECISIONS_SEEN", "")
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
LANGUAGES: tuple[Language, ...] = ("zh_CN", "en")

TURNS = [date(y, m, d) for y in (2024, 2026, 2027, 2028, 2032) for m, d in ((12, 31), (1, 1), (2, 28), (3, 1))]
DAYS = (
    *TURNS,
    date(2024, 2, 29),
    date(2028, 2, 29),
    date(2100, 2, 28),
    *(date(2025, 1, 1) + timedelta(n) for n in range(2400)),
)
AGES = (0, 13, 14, 15, 16, 17, 18, 19, 20, 59, 60, 61, 79, 80, 81, *range(121))
NAMES = ("王某某", "欧阳某", "买买提·某某", "𠮷某", "ZHANG SAN", "a" * 120, '"', "{place.city}", "true")
ADDRESSES = (
    "", "山西省大同市平城区某街道某社区", "山西省大同市云冈区某村", "北京市海淀区某路 1 号", "平城区", "大同市",
    'x" || true || "', "{place.district}", "某" * 300,
)  # fmt: skip
TEXTS = (
    "南关小面馆", "王某某", "南关街 12 号", "某" * 12, "ab", "某路1号院2号楼", "全国第一面馆", "中国公司", "有毒",
    '"', "' OR 1=1 --", '" || true || "', "{shop_name}", "{place.phone}", "\\", "%s%n", "<b>某</b>", "e\u0301某",
    "\u202e某某", "某\u0000某", "👍🏽👍🏽", "𠮷𠮷", "  某某  ", "某\n某", "true", "size(answers)", "٣٣٣٣", "某" * 60,
)  # fmt: skip
LETTERS = "某店路号123abc（）()#-— ·\"'\\{}|&$<>\u0000\u200d\u202e𠮷👍\n"
NUMBERS = ("13800000000", "6222020200112233", "0" * 12, "9" * 21, "000", "-1", "１２")
USUAL = {
    "principal.name": "李某某", "phone": "13900000000", "account": "6222020200112233", "premises": "南关街 12 号",
    "shop_name": "南关小面馆", "residence": "某街道1号楼", "address": "某街道1号楼", "spouse_name": "李某",
    "place": "某街道", "content": "路灯不亮",
}  # fmt: skip
TOGETHER = 10  # cases of one example


@dataclass(frozen=True)
class Visited:
    """What the terminal knows when it commits."""

    pack: ServicePack
    document: IdentityDocument
    envelope: Envelope
    verification: Verification
    commitment: Commitment | None
    papers: tuple[Material, ...]
    online: bool
    at: datetime
    language: Language

    def facts(self) -> Facts:
        return rules.facts_of(
            self.document, self.envelope, self.verification, self.commitment, online=self.online,
            today=self.at.astimezone(CHINA).date(), materials=tuple(dict.fromkeys(each.kind for each in self.papers)),
            applicant=situations.role_of(self.pack, self.envelope.as_dict()),
        )  # fmt: skip

    def draft(self, facts: Facts) -> CaseDraft:
        signature = Material("signature", "image/svg+xml", b"<svg/>", Trust.D)
        return CaseDraft(
            "id-1", self.pack.pack_id, self.pack.item_code, self.envelope, self.verification,
            rules.decide(self.pack, facts), (signature, *self.papers), self.commitment, self.at,
        )  # fmt: skip

    def sealed(self, draft: CaseDraft, facts: Facts) -> CasePayload:
        """The case as it comes out of its envelope at the backend."""
        plain = encode_case(
            draft, codes.case_no(PLACE.area_code, self.at.astimezone(CHINA).date(), 7), self.at,
            sealed_hashes=["0" * 64] * len(draft.materials), once=self.pack.once, facts=replay.stored(facts, PLACE),
        )  # fmt: skip
        return wire.read_case(plain)


def numbered(birth: date, *, valid: bool, area: str = "140213") -> str:
    first = f"{area}{birth:%Y%m%d}002"
    digit = codes.id_check_digit(first)
    return first + (digit if valid else "0X"[digit == "0"])


def company() -> str:
    """A sound credit code of something else than an individual business (91)."""
    first = "91140213MA000000" + codes.organisation_check("MA000000")
    return first + codes.credit_check(first)


def card(random: Random, pack: ServicePack, today: date) -> IdentityDocument:
    off = timedelta(random.choice((0, 0, 1, -1, 200)))
    birth = min(today, date(today.year - random.choice(AGES), today.month, min(today.day, 28)) + off)
    kind = random.choice([DocumentKind(name) for name in pack.documents] * 3 + list(DocumentKind))
    return IdentityDocument(
        kind=kind, name=random.choice(NAMES), birth=birth, number=numbered(birth, valid=random.random() < 0.9), sex="2",
        valid_from=date(2015, 1, 1), valid_to=random.choice((None, None, None, today, today - timedelta(1))),
        address=random.choice(ADDRESSES),
    )  # fmt: skip


def offered(random: Random, question: Question, today: date) -> str:
    """An answer of this kind, fitting or not."""
    if question.kind is QuestionKind.CHOICE:
        return random.choice(question.options).value
    if question.kind is QuestionKind.DATE:
        near = today + timedelta(random.choice((0, 0, 1, -1, 30, -30, 364, -366)))
        return random.choice((f"{near:%Y%m%d}", "20240229", "20200229", "20991231", "19800101", "20230229"))
    if question.kind is QuestionKind.AMOUNT:
        return str(random.choice((0, 1, random.randrange(10**9))))
    if question.check == "credit_code":
        own = codes.credit_code(random.choice(("140213", "140213", "110108")), random.randrange(1000))
        return random.choice((own, own, own, company()))
    if question.check == "id_number":
        return numbered(date(1910, 1, 1) + timedelta(random.randrange(42000)), valid=random.random() < 0.9)
    if question.kind is QuestionKind.TEXT:
        wild = "".join(random.choices(LETTERS, k=random.randrange(1, 45)))
        return random.choice((*TEXTS, wild, wild, wild))
    return random.choice(NUMBERS)


def answered(random: Random, pack: ServicePack, question: Question, envelope: Envelope, today: date) -> Envelope:
    """The envelope with an answer that the form takes: nothing else gets past its page."""
    value = offered(random, question, today)
    if forms.objection(pack, question, value, envelope, today) is not None:
        number = company() if question.check == "credit_code" else numbered(today, valid=True, area="110108")
        value = number if question.check else USUAL.get(question.key, f"{today:%Y%m%d}")
        assert forms.objection(pack, question, value, envelope, today) is None, f"no answer for {question.key}"
    return envelope.with_field(forms.answer(question, value))


def registered(random: Random, pack: ServicePack) -> tuple[FieldValue, ...]:
    """Of a query: a record, none, or a register that has not answered."""
    answer = random.choice((FOUND, FOUND, NONE, NONE, ""))
    if pack.query is None or not answer:
        return ()
    told = [item.key for item in pack.prefill if item.source == REGISTER and item.key != ANSWER]
    values = {ANSWER: answer} | (
        {key: random.choice(("1", "正常", "某" * 60)) for key in told} if answer == FOUND else {}
    )
    return tuple(FieldValue(key, value, Origin.REGISTER, Trust.A) for key, value in values.items())


def lent(random: Random, pack: ServicePack, envelope: Envelope) -> Envelope:
    """Where somebody applies for themselves, an electronic licence may have told the answers, and spared its papers."""
    fitted = situations.fit(pack, envelope)
    for source in pack.licences:
        own = situations.role_of(pack, envelope.as_dict()).value == "self" and situations.asks_for(fitted, source)
        if own and random.random() < 0.4:
            told = {key: envelope.value(key, "某") for key in source.fields}
            spared = {each.key: source.name.zh for each in fitted.lent(source)}
            envelope = envelope.with_fields(
                FieldValue(key, value, Origin.LICENCE, Trust.A) for key, value in (told | spared).items()
            )
    return forms.derive(pack, situations.trim(pack, envelope))


def visit(seed: int, pack: ServicePack) -> Visited:
    """A citizen from the card to the commit; the same for the same seed."""
    random = Random(seed)
    today = random.choice(DAYS)
    document = card(random, pack, today)
    envelope = Envelope().with_fields((*forms.prefill(pack, document), *registered(random, pack)))
    known = {item.key: envelope.value(item.key) for item in pack.prefill} | {item.key: "" for item in pack.questions}
    for question in pack.questions:
        if not question.when or condition(question.when).holds({"answers": known}):
            envelope = answered(random, pack, question, envelope, today)
            known[question.key] = envelope.value(question.key)
    envelope = lent(random, pack, forms.derive(pack, situations.trim(pack, envelope)))
    fitted = situations.fit(pack, envelope)
    assert all(envelope.get(question.key) for question in fitted.questions), "all that is asked has an answer"
    envelope = situations.spared(fitted, envelope)
    papers: list[Material] = []
    for spec in fitted.materials:
        if envelope.get(spec.key) is None and random.random() < 0.6:
            pages = random.randint(1, spec.pages)
            papers += [Material(spec.key, "image/jpeg", b"page", Trust.C)] * pages
            envelope = envelope.with_field(forms.scanned(spec, pages))
    at = datetime.combine(today, random.choice((time(0, 0), time(9, 30), time(23, 59, 59))), CHINA)
    commitment, terms = None, fitted.commitment
    if terms is not None and random.random() < 0.6:
        commitment = Commitment(terms.commitment_id, terms.version, tuple(clause.zh for clause in terms.clauses), at)
        papers = [each for each in papers if each.kind != terms.replaces]
        promised = FieldValue(terms.replaces, terms.replaces_text.zh, Origin.COMMITTED, Trust.D)
        envelope = envelope.with_field(promised)
    verified = random.choice((Verification.FACE, Verification.FACE, *Verification))
    online = random.random() < 0.7 or not ladder.step(pack.offline, online=False).commits
    language = random.choice(LANGUAGES)
    return Visited(pack, document, envelope, verified, commitment, tuple(papers), online, at.astimezone(UTC), language)


def told(visited: Visited, draft: CaseDraft) -> dict[str, str]:
    """What the receipt says, section by section."""
    papers = compose.papers(
        visited.pack, draft, case_no="140213260101000000071", credit_code="", place=PLACE, committed_at=visited.at,
        language=visited.language,
    )  # fmt: skip
    (receipt,) = (paper for paper in papers if paper.paper_id == "receipt")
    return dict(receipt.extra)


def judge(visited: Visited, seen: Counter[str]) -> None:
    pack, facts = visited.pack, visited.facts()
    draft = visited.draft(facts)
    decision = draft.decision
    assert decision == rules.decide(pack, facts), "the same facts give the same decision"
    case = visited.sealed(draft, facts)
    assert replay.facts_of(pack, case) == facts, "what the case says is what was decided by"
    assert replay.differences(pack, case) == (), "and the backend decides the same"

    assert decision.rules
    for rule in decision.rules:
        assert all((rule.rule_id, rule.basis, rule.because.zh, rule.because.en))
    deciding = decision.rules[0]
    screen, paper, language = pack.reasons(decision), told(visited, draft), visited.language
    if decision.outcome is Outcome.RECEIVED:  # nothing was decided: that is what is told
        assert paper[wording.STANDING.of(language)] == ladder.step(decision.rung, online=False).paper.of(language)
        assert not screen
        ahead = paper.get(wording.AHEAD.of(language), "").split("\n")
        assert (deciding.because.of(language) in ahead) == (decision.ahead is Outcome.REFUSED), "a no to come is told"
        assert (telling.NOT_YET.of(language) in ahead) == (decision.ahead is Outcome.REFUSED), "as no decision"
    else:
        assert deciding.because in [reason.because for reason in screen], "the screen names what decided it"
        assert deciding.because.of(language) in paper[wording.REASONS.of(language)].split("\n"), "and so does the paper"
    if Outcome.REFUSED in (decision.outcome, decision.ahead):
        assert deciding.go.zh
        assert deciding.go.en
        assert deciding.go.of(language) in paper[wording.NEXT.of(language)], "who is refused is told where to go"
    if decision.against:
        for lacking in deciding.missing:
            assert lacking.of(language) in paper[wording.BRING.of(language)], "and what is missing"
    if decision.outcome is Outcome.REFUSED:
        assert telling.where_to_go(decision), "on the screen too"
        assert set(telling.missing(decision)) >= set(deciding.missing)
    if decision.outcome is Outcome.APPROVED:
        assert facts.number_valid
        assert not facts.document_expired
        assert facts.verification is not Verification.LATER
        assert facts.applicant == "self", "nobody is approved by proxy"
    seen.update([decision.outcome.value, *(f"rule {rule.rule_id}" for rule in decision.rules)])
    seen[f"decides {deciding.rule_id}"] += 1


@pytest.mark.timeout(60 + COUNT // 5)
@pytest.mark.parametrize("name", BUILTIN)
def test_every_generated_case_is_decided_explained_and_made_again(name: str) -> None:
    pack, seen = builtin(name, PLACE), Counter[str]()

    @settings(
        max_examples=COUNT // TOGETHER, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.integers(0, 2**64))
    def together(seed: int) -> None:
        for number in range(TOGETHER):
            judge(visit(seed * TOGETHER + number, pack), seen)

    together()
    assert sum(seen[outcome.value] for outcome in Outcome) >= COUNT // TOGETHER * TOGETHER
    _tell(pack, seen)


def _tell(pack: ServicePack, seen: Counter[str]) -> None:
    if not SEEN:
        return
    found: dict[str, Any] = {
        "pack": pack.pack_id,
        "outcomes": {each.value: seen[each.value] for each in Outcome if seen[each.value]},
        "never_fired": [rule.rule_id for rule in pack.rules if not seen[f"rule {rule.rule_id}"]],
        "never_decided": [
            rule.rule_id for rule in pack.rules if rule.outcome != rules.PASS and not seen[f"decides {rule.rule_id}"]
        ],
    }
    with Path(SEEN).open("a", encoding="utf-8") as file:
        file.write(json.dumps(found) + "\n")
