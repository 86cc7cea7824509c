"""Decide and save: numbers, payload, seal, one transaction. What is acknowledged to the citizen is on the disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.counter.drafts import DraftDesk
from kiosk.counter.shelf import Shelf
from kiosk.documents import compose, notice
from kiosk.documents.signature import MEDIA_TYPE, signature_svg
from kiosk.domain import codes, ladder
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import CaseDraft, Material, new_case_id
from kiosk.domain.decision import Decision, Outcome, Rung
from kiosk.domain.envelope import Trust
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.workdays import Calendar, national
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError, NumbersExhausted
from kiosk.journal.journal import Journal
from kiosk.journal.person import PersonKey
from kiosk.journal.records import CaseRecord, Numbers, SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.services import replay, rules, situations
from kiosk.services.model import PaperKind
from kiosk.sync.payload import encode_case
from kiosk.visit.effects import Commit
from kiosk.visit.events import CommitFailed, Committed

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who this terminal is for the backend: known once it has been enrolled."""

    terminal_id: str
    sealing_key: bytes
    sealing_key_id: str
    clock: str = ""  # whether this machine's clock may be believed: confirmed, plausible, wrong


@dataclass(frozen=True, slots=True, repr=False)
class _Made:
    """What the transaction made, beside its record."""

    record: CaseRecord
    credit_code: str
    papers: tuple[PaperContent, ...]


class CommitDesk:
    """One call, one case. Runs on a worker thread; the journal's own writer does the transaction."""

    def __init__(
        self,
        journal: Journal,
        shelf: Shelf,
        place: Place,
        standing: Callable[[], Standing | None],
        clock: Clock,
        *,
        test: bool,
        drafts: DraftDesk | None = None,
        calendar: Callable[[], Calendar] = national,
    ) -> None:
        self._journal, self._shelf, self._place, self._drafts = journal, shelf, place, drafts
        self._standing, self._clock, self._test, self._calendar = standing, clock, test, calendar

    def commit(self, asked: Commit) -> Committed | CommitFailed:
        """The case, whole and on disk, or the reason why nothing was saved. Raises JournalError when nobody knows."""
        standing = self._standing()
        if standing is None:
            return CommitFailed("not_enrolled")
        if not ladder.step(asked.pack.offline, online=asked.online).commits:
            return CommitFailed("needs_network")  # the line went after the guide had said that it is needed
        now = self._clock()
        draft = self._draft(asked, now)
        materials = tuple(
            _sealed(material, part, draft.case_id, standing) for part, material in enumerate(draft.materials, 1)
        )
        made: list[_Made] = []

        def build(numbers: Numbers) -> CaseRecord:
            made[:] = [self._build(asked, draft, materials, standing, person, now, numbers)]
            return replace(made[0].record, draft=begun) if begun else made[0].record

        try:
            person = self._shelf.person(asked.document.number)
            begun = self._drafts.claim(asked.document) if asked.draft and self._drafts is not None else b""
            record = self._journal.commit(build)
        except NumbersExhausted:
            return CommitFailed("numbers_exhausted")
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return CommitFailed("save_failed")
        return Committed(draft, record.case_no, draft.decision, made[0].papers, made[0].credit_code, now)

    @staticmethod
    def _facts(asked: Commit, now: datetime) -> rules.Facts:
        return rules.facts_of(
            asked.document,
            asked.envelope,
            asked.verification,
            asked.commitment,
            online=asked.online,
            materials=tuple(dict.fromkeys(material.kind for material in asked.materials)),
            applicant=situations.role_of(asked.pack, asked.envelope.as_dict()),
            today=now.astimezone(CHINA).date(),
        )

    def _draft(self, asked: Commit, now: datetime) -> CaseDraft:
        materials: tuple[Material, ...] = ()
        if asked.strokes:
            materials = (Material("signature", MEDIA_TYPE, signature_svg(asked.strokes), Trust.D),)
        materials += asked.materials
        return CaseDraft(
            case_id=new_case_id(),
            service_id=asked.pack.pack_id,
            item_code=asked.pack.item_code,
            envelope=asked.envelope,
            verification=asked.verification,
            decision=rules.decide(asked.pack, self._facts(asked, now)),
            materials=materials,
            commitment=asked.commitment,
            started_at=asked.started_at,
            test=self._test,
        )

    def _build(
        self, asked: Commit, draft: CaseDraft, materials: tuple[SealedMaterial, ...], standing: Standing,
        person: PersonKey, now: datetime, numbers: Numbers,
    ) -> _Made:  # fmt: skip
        area = self._place.area_code
        case_no = _bearing("case", lambda: codes.case_no(area, now.astimezone(CHINA).date(), numbers.take("case")))
        credit_code = ""
        if needs_credit_code(asked, draft.decision):
            credit_code = _bearing("uscc", lambda: codes.credit_code(area, numbers.take("uscc")))
        hashes = [material.sha256 for material in materials]
        stored = replay.stored(self._facts(asked, now), self._place)
        payload = encode_case(draft, case_no, now, uscc=credit_code, sealed_hashes=hashes, clock=standing.clock,
                              once=asked.pack.once, facts=stored)  # fmt: skip
        decision = draft.decision
        papers = self._papers(asked, draft, case_no, credit_code, now)
        seed = notice.seed(asked.pack, draft, case_no=case_no, place=self._place, committed_at=now)
        record = CaseRecord(
            case_id=draft.case_id,
            case_no=case_no,
            service_id=draft.service_id,
            pack_version=decision.pack_version,
            outcome=decision.outcome.value,
            rung=decision.rung.value,
            verification=draft.verification.value,
            committed_at=now,
            test=draft.test,
            sealed=seal(payload, standing.sealing_key, item_info(standing.terminal_id, draft.case_id)),
            attachments=materials,
            kept=self._shelf.keep(person, papers, (*self._due(asked, draft, case_no, credit_code, now), seed), now),
            meta={"sealing_key": standing.sealing_key_id, **({"clock": standing.clock} if standing.clock else {})},
        )
        return _Made(record, credit_code, papers)

    def _papers(
        self, asked: Commit, draft: CaseDraft, case_no: str, credit_code: str, now: datetime
    ) -> tuple[PaperContent, ...]:
        return compose.papers(
            asked.pack, draft, case_no=case_no, credit_code=credit_code, place=self._place, committed_at=now,
            language=asked.language, calendar=self._calendar,
        )  # fmt: skip

    def _due(
        self, asked: Commit, draft: CaseDraft, case_no: str, credit_code: str, now: datetime
    ) -> tuple[PaperContent, ...]:
        """What a provisional approval will give once it is confirmed: its certificates, or its final receipt."""
        decision = draft.decision
        if decision.outcome is not Outcome.APPROVED or decision.effective or decision.rung is not Rung.PROVISIONAL:
            return ()
        confirmed = replace(draft, decision=replace(decision, rung=Rung.FINAL, online=True))
        papers = self._papers(asked, confirmed, case_no, credit_code, now)
        return tuple(paper for paper in papers if paper.kind == PaperKind.CERTIFICATE.value) or papers


def _bearing(kind: str, number: Callable[[], str]) -> str:
    """The number, or NumbersExhausted where the reserved serial is beyond what a number of this kind can bear."""
    try:
        return number()
    except ValueError as error:
        raise NumbersExhausted(kind) from error


def needs_credit_code(asked: Commit, decision: Decision) -> bool:
    """A credit code is spent only where a licence bearing it is granted."""
    papers = situations.fit(asked.pack, asked.envelope).papers
    licence = any(paper.kind is PaperKind.CERTIFICATE for paper in papers)
    return decision.outcome is Outcome.APPROVED and licence and "uscc" in asked.pack.number_blocks


def _sealed(material: Material, part: int, case_id: str, standing: Standing) -> SealedMaterial:
    """The material as the item's attachment number ``part``, counted from 1."""
    data = seal(material.data, standing.sealing_key, item_info(standing.terminal_id, case_id, part))
    return SealedMaterial.of(material.kind, data)
