"""Decide and save: numbers, payload, seal, one transaction. What is acknowledged to the citizen is on the disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.counter import bundling
from kiosk.counter.ahead import Ahead, seal_material
from kiosk.counter.drafts import DraftDesk
from kiosk.counter.shelf import Shelf
from kiosk.documents import compose, joint, notice
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
from kiosk.services import bundle, replay, rules, situations
from kiosk.services.bundled import Done, follows
from kiosk.services.model import PaperKind
from kiosk.sync.payload import encode_case
from kiosk.visit.effects import Commit
from kiosk.visit.events import CommitFailed, Committed
from kiosk.wire import PayloadBundle

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who this terminal is for the backend: known once it has been enrolled."""

    terminal_id: str
    sealing_key: bytes
    sealing_key_id: str
    clock: str = ""  # whether this machine's clock may be believed: confirmed, plausible, wrong


@dataclass(frozen=True, slots=True, repr=False)
class _Saving:
    """What a commit goes by, of one case or of several. ``begun``: the claim of the draft that it began as, if any."""

    standing: Standing
    person: PersonKey
    now: datetime
    begun: bytes


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
        self._ahead = Ahead()

    def expect(self) -> object:
        """Nothing that was sealed ahead counts any more, nor what is being sealed. The token goes to ``seal_ahead``."""
        return self._ahead.expect()

    def seal_ahead(self, pages: tuple[Material, ...], turn: object) -> None:
        """Seal the scanned pages while the citizen reads what will be saved: a commit of these pages need not wait."""
        standing = self._standing()
        if standing is not None:
            self._ahead.seal(pages, turn, standing.terminal_id, standing.sealing_key)

    def commit(self, asked: Commit) -> Committed | CommitFailed:
        """The case, whole and on disk, or the reason why nothing was saved. Raises JournalError when nobody knows."""
        standing = self._standing()
        if standing is None:
            return CommitFailed("not_enrolled")
        if not ladder.step(asked.pack.offline, online=asked.online).commits:
            return CommitFailed("needs_network")  # the line went after the guide had said that it is needed
        now = self._clock()
        try:
            person = self._shelf.person(asked.document.number)
            begun = self._drafts.claim(asked.document) if asked.draft and self._drafts is not None else b""
            commit = self._commit_one if asked.pack.bundle is None else self._commit_bundle
            return commit(asked, _Saving(standing, person, now, begun))
        except NumbersExhausted:
            return CommitFailed("numbers_exhausted")
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return CommitFailed("save_failed")

    def _commit_one(self, asked: Commit, saving: _Saving) -> Committed:
        """Pages that were sealed ahead are taken as they are, and written beside the decision where they are large."""
        standing, now = saving.standing, saving.now
        pages = self._ahead.take(asked.materials, standing.terminal_id, standing.sealing_key)
        draft = self._draft(asked, now, pages.case_id, pages.materials)
        materials = _sealed(draft, standing, pages.sealed)
        credit_code = ""
        papers: tuple[PaperContent, ...] = ()

        def build(numbers: Numbers) -> CaseRecord:
            nonlocal credit_code, papers
            case_no, credit_code = self._numbered(asked, draft.decision, now, numbers)
            papers = self._papers(asked, draft, case_no, credit_code, now)
            record = self._record(asked, draft, materials, saving, (case_no, credit_code), papers)
            return record.begun_as(saving.begun)

        record = self._journal.commit(build, materials)
        return Committed(draft, record.case_no, draft.decision, papers, credit_code, now)

    def _commit_bundle(self, asked: Commit, saving: _Saving) -> Committed:
        """Every item that is handed in as a case of its own, all of them in one transaction.

        Decided one after the other, in the writer's turn: what the first is given the next one takes. The joint
        receipt, and the draft that this began as, go with the first case.
        """
        standing, now = saving.standing, saving.now
        done: dict[str, Done] = {}
        papers: list[PaperContent] = []

        def build(numbers: Numbers) -> list[tuple[CaseRecord, Numbers]]:
            done.clear()
            papers.clear()
            parts = self._decide_all(asked, now, numbers, done)
            told = tuple(done.values())
            together = joint.receipt(
                asked.pack, told, place=self._place, committed_at=now, language=asked.language, calendar=self._calendar,
            )  # fmt: skip
            case_nos = [one.case_no for _, _, one, _ in parts]
            link = PayloadBundle(new_case_id(), asked.pack.pack_id, asked.pack.version, case_nos)
            records: list[tuple[CaseRecord, Numbers]] = []
            for part, draft, one, spent in parts:
                own = self._certificates(asked, part, draft, one, now)
                papers.extend(own)
                kept, begun = (own, b"") if records else ((*own, together), saving.begun)  # the first has more
                known = (one.case_no, one.credit_code)
                record = self._record(part, draft, _sealed(draft, standing), saving, known, kept, link)
                records.append((record.begun_as(begun), spent))
            papers.append(together)
            return records

        self._journal.commit_all(build)
        lead, *_ = (one for one in done.values() if one.draft is not None)
        if lead.draft is None:
            raise AssertionError("the first item is always handed in")
        return Committed(
            lead.draft, lead.case_no, lead.draft.decision, tuple(papers), lead.credit_code, now,
            parts=tuple(done.values()),
        )  # fmt: skip

    def _decide_all(
        self, asked: Commit, now: datetime, numbers: Numbers, done: dict[str, Done]
    ) -> list[tuple[Commit, CaseDraft, Done, Numbers]]:
        """Every item's decision and numbers, in order, into ``done``; what is handed in comes back to be committed."""
        parts = []
        for item in bundle.chosen(asked.pack, asked.envelope):
            goes, waits = follows(item, done)
            if not goes:
                done[item.pack_id] = Done(item)
                continue
            part, own = bundling.application(asked, item, done), numbers.beside()
            draft = self._draft(part, now, new_case_id(), part.materials)
            case_no, credit_code = self._numbered(part, draft.decision, now, own)
            result = compose.result_of(item.whole, draft.decision)
            one = done[item.pack_id] = Done(item, draft, case_no, credit_code, waits, result)
            parts.append((part, draft, one, own))
        return parts

    def _certificates(
        self, asked: Commit, part: Commit, draft: CaseDraft, one: Done, now: datetime
    ) -> tuple[PaperContent, ...]:
        """An item's own papers besides the joint receipt, named so that no two of the bundle's are the same."""
        return tuple(
            replace(paper, paper_id=bundle.certificate_name(asked.pack, one.item, paper.paper_id))
            for paper in self._papers(part, draft, one.case_no, one.credit_code, now)
            if paper.kind == PaperKind.CERTIFICATE.value
        )

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

    def _draft(self, asked: Commit, now: datetime, case_id: str, pages: tuple[Material, ...]) -> CaseDraft:
        materials = pages
        if asked.strokes:
            materials += (Material("signature", MEDIA_TYPE, signature_svg(asked.strokes), Trust.D),)
        return CaseDraft(
            case_id=case_id,
            service_id=asked.pack.pack_id,
            item_code=asked.pack.item_code,
            envelope=asked.envelope,
            verification=asked.verification,
            decision=rules.decide(asked.pack, self._facts(asked, now)),
            materials=materials,
            commitment=asked.commitment,
            started_at=asked.started_at,
            test=self._test,
            helped=asked.helped,
        )

    def _numbered(self, asked: Commit, decision: Decision, now: datetime, numbers: Numbers) -> tuple[str, str]:
        """The case's number, and the credit code where a licence bearing it is granted."""
        area, today = self._place.area_code, now.astimezone(CHINA).date()
        case_no = codes.case_no(area, today, self._take("case", numbers))
        if not needs_credit_code(asked, decision):
            return case_no, ""
        return case_no, codes.credit_code(area, self._take("uscc", numbers))

    def _take(self, kind: str, numbers: Numbers) -> int:
        """The next serial; NumbersExhausted where the reserved one is beyond what a number of this kind can bear."""
        own = codes.block_kind(kind, test=self._test)
        serial = numbers.take(own)
        if serial not in codes.SERIALS[own]:
            raise NumbersExhausted(own)
        return serial

    def _record(
        self, asked: Commit, draft: CaseDraft, materials: tuple[SealedMaterial, ...], saving: _Saving,
        numbers: tuple[str, str], papers: tuple[PaperContent, ...], link: PayloadBundle | None = None,
    ) -> CaseRecord:  # fmt: skip
        """The case as it is written. ``numbers``: its own and the credit code; ``papers``: kept for the next visit."""
        (case_no, credit_code), standing, now = numbers, saving.standing, saving.now
        hashes = [material.sha256 for material in materials]
        stored = replay.stored(self._facts(asked, now), self._place)
        payload = encode_case(draft, case_no, now, uscc=credit_code, sealed_hashes=hashes, clock=standing.clock,
                              once=asked.pack.once, facts=stored, bundle=link)  # fmt: skip
        decision = draft.decision
        seed = notice.seed(asked.pack, draft, case_no=case_no, place=self._place, committed_at=now)
        due = (*self._due(asked, draft, case_no, credit_code, now), seed)
        return CaseRecord(
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
            kept=self._shelf.keep(saving.person, papers, due, now),
            meta={
                "sealing_key": standing.sealing_key_id,
                **({"clock": standing.clock} if standing.clock else {}),
                **({"helped": str(len(draft.helped))} if draft.helped else {}),
            },
        )

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


def _sealed(draft: CaseDraft, standing: Standing, ahead: tuple[SealedMaterial, ...] = ()) -> tuple[SealedMaterial, ...]:
    """The case's materials sealed; the first of them were ``ahead``."""
    return ahead + tuple(
        seal_material(material, part, draft.case_id, standing.terminal_id, standing.sealing_key)
        for part, material in enumerate(draft.materials[len(ahead) :], len(ahead) + 1)
    )


def needs_credit_code(asked: Commit, decision: Decision) -> bool:
    """A credit code is spent only where a licence bearing it is granted."""
    papers = situations.fit(asked.pack, asked.envelope).papers
    licence = any(paper.kind is PaperKind.CERTIFICATE for paper in papers)
    return decision.outcome is Outcome.APPROVED and licence and "uscc" in asked.pack.number_blocks
