"""Electronic certificates: made here from the sealed case, by the pack and the layout of the paper, and sealed here.

Made where a case was approved, by rule or by a person, holds, and follows from its own facts when it is decided again
(kiosk/services/replay.py): an office's seal stands on nothing that only a terminal says. What a person approves days
later has its paper from that day on, and the terminal hears of it at the applicant's next card read. What is made lies
among the materials, sealed to the backend's own key, so that no word of it is on this disk in clear; it is opened for
the terminal that took the case, or at the command line. It is made when no case has come for a moment, or when it is
asked for, and once: what is asked for again is the same.

A correction (更正) makes the next version of it; the list by which anyone checks (late.py) tells the one before as
replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import msgspec

from kiosk import suites, wire
from kiosk.backend import log
from kiosk.backend.blobs import Blobs, BlobsBusy
from kiosk.backend.keys import BackendKeys
from kiosk.backend.replaying import Given, Replays
from kiosk.backend.seal_keys import SealKeys
from kiosk.backend.settings import BackendError
from kiosk.backend.store import certificates as store
from kiosk.backend.store.certificates import Case, Row
from kiosk.backend.store.engine import Store, StoreBusy
from kiosk.backend.store.replays import Sealed
from kiosk.documents import compose, wording
from kiosk.documents.glyphs import GlyphMissing
from kiosk.documents.worker import DocumentsWorker
from kiosk.domain import licence_id
from kiosk.domain.case import CaseDraft
from kiosk.domain.decision import Decision, FiredRule, Outcome, Rung, Verification
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.life_table import State
from kiosk.domain.papers import PaperContent
from kiosk.domain.register import PROOF
from kiosk.domain.text import Text
from kiosk.papers.mark import marked
from kiosk.seals.errors import SealError
from kiosk.seals.sealer import Sealer
from kiosk.seals.sealing import place_of, seal, seal_sm2
from kiosk.services import forms, replay
from kiosk.services.loader import BUILTIN, builtin
from kiosk.services.model import PaperKind, ServicePack
from kiosk.wire import CasePayload
from kiosk.workers import WorkerError

RENDER_SECONDS = 20.0
BATCH = 20  # cases of one look
LOOKED_AT = 2000  # cases of one quiet moment
REASON = "证照签发"  # in the signature: why it was sealed
CORRECTED = "证照更正"
APPROVED = Outcome.APPROVED.value
ISSUERS = ("registrar", "issuer")  # in which field a layout names who issues it


@dataclass(frozen=True, slots=True, repr=False)
class Electronic:
    """A sealed certificate. ``sm2``: the detached signature over ``pdf`` (kiosk/seals), empty where there is no key."""

    paper_id: str
    licence_id: str
    version: int
    pdf: bytes
    sm2: bytes


@dataclass(slots=True)
class Made:
    """What one pass has made. ``not_made``: how many, by why."""

    made: int = 0
    not_made: dict[str, int] = field(default_factory=dict)


class NotCertified(Exception):
    """There is no certificate of this case, or not yet. ``code`` says why, ``advice`` what to do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code)
        self.code, self.advice = code, advice


class Certificates:
    """Thread-safe: one is made at a time. The page is drawn in a child, which ends with `close`."""

    def __init__(
        self, rows: Store, blobs: Blobs, keys: BackendKeys, seals: SealKeys, replays: Replays,
        now: Callable[[], datetime], registered: Given,
    ) -> None:  # fmt: skip
        self._registered = registered  # whether a register's answer was given here (registers.Queries.given)
        self._store, self._blobs, self._keys, self.seals = rows, blobs, keys, seals
        self._replays, self._now = replays, now
        self._documents = DocumentsWorker()
        self._making = threading.Lock()
        self._in_vain: set[str] = set()
        self._looked_to = ""  # the last case of a pass that did not reach the end
        self._warmed = threading.Event()

    def close(self) -> None:
        self._documents.release()

    def expect(self) -> None:
        """One will be asked for soon (a register was asked): what has to be loaded for the first is loaded beside."""
        if self._warmed.is_set() or not self._able:
            return
        self._warmed.set()
        threading.Thread(target=self._warm, name="certificates-warm", daemon=True).start()

    @property
    def _able(self) -> bool:
        """Whether any authority has a seal here, or may get one."""
        return self.seals.samples or bool(self.seals.all())

    def _warm(self) -> None:
        from kiosk.seals import sealing

        sealing.load()
        with contextlib.suppress(WorkerError):  # told when the certificate is asked for
            self._documents.prewarm()

    def of(self, case_id: str, terminal_id: str = "", *, copy: bool = False) -> Electronic:
        """The newest version; made now where it was not yet. Raises NotCertified, StoreBusy, BackendError.

        ``terminal_id``: who asks, and has to have taken the case; "" for the office. ``copy``: one more print of what
        was given out before, which says so and which it is, and is sealed anew.
        """
        with self._making:
            case = self._case(case_id, terminal_id)
            found = self._store.read(partial(store.newest, case_id=case_id))
            row = found[0] if found else self._make(case)
            if not copy:
                return self._given(row)
            number = self._store.write(partial(store.count_copy, row=row))
            content = self._content(case, row.version, self._changes(row))
            pdf, sm2 = self.sealed(replace(content, copy=number), REASON)
            return Electronic(row.paper_id, row.licence_id, row.version, pdf, sm2)

    def due(self, case_id: str) -> PaperContent | None:
        """What an approved case's certificate says, without drawing or sealing it; None where none can be had now.

        Whoever is told of it may ask for it in a moment: what sealing needs is loaded beside. Raises StoreBusy.
        """
        try:
            content = self._content(self._case(case_id, ""), 1, {})
            authority = _authority(content)
            able = self.seals.samples or any(seal.authority == authority for seal in self.seals.all())
        except (NotCertified, BackendError):
            return None
        if able:
            self.expect()
        return content if able else None

    def correct(self, case_id: str, changes: Mapping[str, str], why: str) -> Electronic:
        """The next version, with these values in place of the case's; what follows from them follows anew.

        ``changes``: fields of the case (shop_name …). ``why``: a word for the record (clerical-error …). A version that
        has these values is given again: who was killed behind it does it once more. Raises as `of`.
        """
        if not wire.ID.fullmatch(why):
            raise BackendError("bad-reason", "say why in one word of small letters, digits and -: clerical-error")
        with self._making:
            case = self._case(case_id, "")
            found = self._store.read(partial(store.newest, case_id=case_id))
            last = found[0] if found else self._make(case)
            before = self._changes(last)
            wanted = before | {key: value.strip() for key, value in changes.items()}
            if wanted == before:
                return self._given(last)
            return self._given(self._make(case, last.version + 1, wanted, why))

    def run(self, until: Callable[[], bool] = bool, *, again: bool = True) -> Made:
        """Every certificate that is due and not made, ``until`` it says so between two. Raises StoreBusy.

        ``again``: also those that could not be made before, in this life of the process. Without it one pass looks at
        so many and the next goes on from there: thousands that lack a seal keep nothing busy.
        """
        made, after, looked = Made(), "" if again else self._looked_to, 0
        if not self.seals.all():
            return made
        services = [name for name in BUILTIN if _certifies(builtin(name, None))]
        while found := self._store.read(partial(store.waiting, services=services, limit=BATCH, after=after)):
            for case_id in found:
                if until():
                    return made
                if case_id in self._in_vain and not again:
                    continue
                try:
                    self.of(case_id)
                    made.made += 1
                except (NotCertified, BackendError) as error:
                    self._in_vain.add(case_id)
                    made.not_made[error.code] = made.not_made.get(error.code, 0) + 1
            after, looked = found[-1], looked + len(found)
            if not again and looked >= LOOKED_AT:
                self._looked_to = after
                break
        else:
            self._looked_to = ""
        if made.not_made:
            log.event(
                "certificates.trouble", **{code.replace("-", "_"): count for code, count in made.not_made.items()}
            )
        return made

    # -- one certificate

    def _case(self, case_id: str, terminal_id: str) -> Case:
        case = self._store.read(partial(store.case, case_id=case_id))
        if case is None or terminal_id not in ("", case.terminal_id):
            raise NotCertified("no-such-case", "No case of this id was taken here.")
        settled = case.outcome == APPROVED and case.state in ("confirmed", "registered")
        if case.doubts or not (case.life == State.APPROVED.value if case.life else settled):
            raise NotCertified("not-certified", "Nothing is certified of a case that is not approved, or in doubt.")
        return case

    def _make(self, case: Case, version: int = 1, changes: Mapping[str, str] | None = None, why: str = "") -> Row:
        content = self._content(case, version, changes or {})
        sealer = self._sealer(content)
        pdf, _ = self.sealed(content, CORRECTED if version > 1 else REASON)
        epoch = self._keys.current
        hide = partial(suites.by_name(epoch.suite).seal, public_key=epoch.sealing_public)
        hidden = hide(pdf, info=_info(case.case_id, content.paper_id, version))
        told = hide(msgspec.json.encode(dict(changes or {})), info=_info(case.case_id, content.paper_id, version))
        digest = hashlib.sha256(hidden).hexdigest()
        row = Row(
            case.case_id, content.paper_id, version, content.values["licence_id"], self._now().isoformat(), digest,
            epoch.sealing_id, sealer.authority, hashlib.sha256(sealer.certificate).hexdigest(), told, why,
        )  # fmt: skip
        try:
            self._blobs.put(digest, hidden)
        except BlobsBusy as error:
            raise StoreBusy from error
        if not self._store.write(partial(store.keep, row=row)):  # another process was first: his counts
            return self._store.read(partial(store.newest, case_id=case.case_id))[0]
        log.event("certificate.made", version=version)
        return row

    def _given(self, row: Row) -> Electronic:
        try:
            hidden = self._blobs.get(row.hash)
        except BlobsBusy as error:
            raise StoreBusy from error
        except KeyError:
            raise BackendError("certificate-missing", "Bring the materials back from the backup.") from None
        pdf = self._open(row, hidden)
        sealer = self.seals.sealer(row.authority)
        return Electronic(row.paper_id, row.licence_id, row.version, pdf, _beside(pdf, sealer) if sealer else b"")

    def _changes(self, row: Row) -> dict[str, str]:
        return msgspec.json.decode(self._open(row, row.changes), type=dict[str, str])

    def _open(self, row: Row, hidden: bytes) -> bytes:
        epoch = next((each for each in self._keys.epochs if each.sealing_id == row.sealing_key_id), None)
        if epoch is None:
            raise BackendError("keys-missing", "Bring the key file back under whose keys the certificate lies here.")
        try:
            info = _info(row.case_id, row.paper_id, row.version)
            return suites.by_name(epoch.suite).unseal(hidden, epoch.sealing_private, info)
        except suites.NotOpened:
            raise BackendError("certificate-damaged", "Bring the materials back from the backup.") from None

    def _content(self, case: Case, version: int, changes: Mapping[str, str]) -> PaperContent:
        payload = self._replays.opened(
            Sealed(case.case_id, case.item_id, case.terminal_id, case.sealing_key_id, case.sealed)
        )
        place = replay.place_of(payload) if payload is not None and payload.facts is not None else None
        if payload is None or place is None:
            raise NotCertified("cannot-open", "The case cannot be opened, or does not say what it rested on.")
        pack = next(
            (each for each in self._replays.packs(payload, place) if not replay.differences(each, payload)), None
        )
        if pack is not None and not self._answered(pack, payload, case.terminal_id):
            raise NotCertified("not-answered", "No register has given the answer here that this case says it has.")
        if pack is None:
            raise NotCertified("not-certified", "Decided again, the case comes out otherwise: a person has to look.")
        papers = compose.papers(
            pack, _draft(pack, payload, changes), case_no=payload.case_no, credit_code=payload.uscc, place=place,
            committed_at=datetime.fromisoformat(payload.committed_at if case.outcome == APPROVED else case.since),
        )  # fmt: skip
        content = next((paper for paper in papers if paper.kind == PaperKind.CERTIFICATE.value), None)
        if content is None:
            raise NotCertified("no-certificate", "No certificate belongs to this matter.")
        return _of_version(content, version)

    def _answered(self, pack: ServicePack, payload: CasePayload, terminal_id: str) -> bool:
        """Of a query, or of a licence: whether what it says was answered here, about this person, to this terminal."""
        if pack.query is None:
            return not self._replays.unlent(pack, payload, terminal_id)
        values = {item.key: item.value for item in payload.fields if item.origin == Origin.REGISTER.value}
        proof = values.pop(PROOF, "")
        key = next((item.key for item in pack.prefill if item.source == "number"), "")
        number = next((item.value for item in payload.fields if item.key == key), "")
        return self._registered(terminal_id, pack.query.register, number, proof, values, payload)

    def sealed(self, content: PaperContent, reason: str) -> tuple[bytes, bytes]:
        """A certificate's content as PDF with mark and seal, and the SM2 signature over it (empty without a key).

        Also for what has no case: a department's answer (kiosk.documents.certifying). Raises
        NotCertified, BackendError.
        """
        sealer, now = self._sealer(content), self._now()
        content = replace(content, extra={**content.extra, "sealed": sealer.authority})
        content = marked(content, self._keys.current.signing_private, now)
        try:
            drawn = self._documents.render(content, RENDER_SECONDS)
            pdf = seal(drawn.pdf, sealer, reason=reason, at=now, place=place_of(content.template))
        except (GlyphMissing, WorkerError, SealError) as error:
            raise NotCertified(error.code, error.advice) from error
        return pdf, _beside(pdf, sealer)

    def _sealer(self, content: PaperContent) -> Sealer:
        authority = _authority(content)
        sealer = self.seals.sealer(authority)
        if sealer is None:
            raise NotCertified(
                "seal-missing", f"{authority} has no seal here: kiosk backend seal-key --authority NAME."
            )
        return sealer


def _authority(content: PaperContent) -> str:
    return next(content.values[name] for name in ISSUERS if name in content.values)


def _beside(pdf: bytes, sealer: Sealer) -> bytes:
    return seal_sm2(pdf, sealer) if sealer.sm2 else b""


def _info(case_id: str, paper_id: str, version: int) -> bytes:
    """What binds sealed bytes to their place."""
    return b"kiosk certificate 1\0" + f"{case_id}\0{paper_id}\0{version}".encode()


def _draft(pack: ServicePack, case: CasePayload, changes: Mapping[str, str]) -> CaseDraft:
    """The case as the terminal had it, as far as papers tell of it; ``changes`` in place of its own values."""
    envelope = Envelope(tuple(FieldValue(f.key, f.value, Origin(f.origin), Trust(f.trust)) for f in case.fields))
    derived = {each.key for each in pack.derived}
    for key, value in changes.items():
        before = envelope.get(key)
        if before is None or key in derived or not value.strip() or before.origin is Origin.REGISTER:
            raise BackendError("bad-correction", f"{key} is no value of this case that can be corrected")
        envelope = envelope.with_field(replace(before, value=value.strip()))
    if changes:
        envelope = forms.derive(pack, envelope)
    rules = tuple(FiredRule(rule.rule_id, Text(rule.because, rule.because), rule.basis) for rule in case.rules)
    # what a terminal left provisional, or to a person, is approved by now, or nothing would be certified of it
    decision = Decision(Outcome.APPROVED, Rung(case.rung), case.pack_id, case.pack_version, rules, online=True)
    return CaseDraft(
        case.case_id, case.service_id, case.item_code, envelope, Verification(case.verification), decision, (), None,
        datetime.fromisoformat(case.started_at), case.test,
    )  # fmt: skip


def _of_version(content: PaperContent, version: int) -> PaperContent:
    """The same as a later version: its identifier, its mark and its face say so."""
    if version == 1:
        return content
    number = str(replace(licence_id.parse(content.values["licence_id"]), version=version))
    told = wording.VERSION.zh.format(n=version)
    return replace(
        content,
        values={**content.values, "licence_id": number},
        extra={**content.extra, "version": str(version)},
        mark={**content.mark, "shown": f"{content.mark['shown']}\n{told}"},
    )


def _certifies(pack: ServicePack) -> bool:
    return any(paper.kind is PaperKind.CERTIFICATE for paper in pack.papers)
