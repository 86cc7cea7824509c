"""A case as a reviewer sees it: what was filled in and where it came from, papers, rules, history. Opened in memory,
for the page that shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk import wire
from kiosk.backend.blobs import Blobs, BlobsBusy
from kiosk.backend.keys import BackendKeys
from kiosk.backend.lives import Known, Lives
from kiosk.backend.lives_about import name_in
from kiosk.backend.replaying import Replays
from kiosk.backend.store import lives as life_store
from kiosk.backend.store.engine import Store, StoreBusy
from kiosk.backend.store.lives import Found, Life
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import EMPTY, Text
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, unseal
from kiosk.services import forms, replay, situations
from kiosk.services.expressions import ExpressionError
from kiosk.services.model import PaperKind, Question, QuestionKind, ServicePack

SIGNATURE = replay.SIGNATURE
OTHERS = 10  # cases of the same person that are shown
TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/svg+xml"})  # that a browser shows as a picture


@dataclass(frozen=True, slots=True, repr=False)
class Value:
    """One line of the form. ``origin``, ``trust``: "" where nobody said."""

    label: Text
    value: Text
    origin: str
    trust: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paper. ``number`` counts all pages of the case; ``sent``: 0 with the case, then by supplement."""

    number: int
    kind: str
    label: Text
    media_type: str
    trust: str
    sent: int

    @property
    def is_picture(self) -> bool:
        return self.media_type in TYPES


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that took part in what the terminal said, in the pack's words."""

    rule_id: str
    outcome: str
    because: Text
    basis: str
    missing: tuple[Text, ...]
    go: Text


@dataclass(frozen=True, slots=True, repr=False)
class CaseFile:
    """``pack``: as the answers leave it, bound to its place; None where it is not known here. ``notes``: what the
    applicant wrote with each supplement. ``others``: cases of the same person, newest first, with the matter's name.
    ``differs``: what does not follow when it is decided again.
    """

    known: Known
    case: wire.CasePayload | None
    pack: ServicePack | None
    values: tuple[Value, ...]
    pages: tuple[Page, ...]
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    others: tuple[tuple[Life, Text], ...]
    differs: tuple[str, ...]

    @property
    def certifies(self) -> bool:
        """Whether a certificate belongs to the matter."""
        return self.pack is not None and any(each.kind is PaperKind.CERTIFICATE for each in self.pack.papers)

    def names(self) -> dict[str, Text]:
        """Of the papers that the pack knows, by their key."""
        return {} if self.pack is None else {each.key: each.label for each in self.pack.materials}

    def correctable(self) -> tuple[Question, ...]:
        """What of a certificate is put right by hand: what somebody has typed, never who it is for."""
        typed = (QuestionKind.TEXT, QuestionKind.LATIN, QuestionKind.DIGITS)
        if self.pack is None or self.case is None:
            return ()
        said = {each.key for each in self.case.fields}
        return tuple(each for each in self.pack.questions if each.kind in typed and each.key in said)


class NoPage(Exception):
    """There is no such page, or its bytes are gone or spoilt. ``code``: not-found, damaged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """Thread-safe."""

    rows: Store
    blobs: Blobs
    lives: Lives
    replays: Replays
    keys: BackendKeys

    def read(self, case_id: str) -> CaseFile:
        """Raises BackendError (``no-such-case``)."""
        whole = self.lives.whole(case_id, OTHERS)
        known, found, case, sent = whole.known, whole.found, whole.case, whole.sent
        pack, differs = self._pack(whole.pack, case)
        others = tuple((each, name_in(each)) for each in whole.others)
        supplements = [said for _, said in sent if isinstance(said, wire.SupplementPayload)]
        papers = [material for material, *_ in _parts(found, case, sent)]
        of_case = 0 if case is None else len(case.materials)
        return CaseFile(
            known, case, pack, _values(pack, case), _pages(pack, papers, of_case, supplements),
            _reasons(pack, case), tuple(each.note for each in supplements if each.note), others, differs,
        )  # fmt: skip

    def page(self, case_id: str, number: int) -> tuple[bytes, str]:
        """The bytes of a page, counted from 1, and what they are. Raises NoPage, BackendError, StoreBusy."""
        found, case, sent = self.lives.file_of(case_id)
        parts = _parts(found, case, sent)
        if not 1 <= number <= len(parts):
            raise NoPage("not-found")
        material, terminal_id, item_id, part, key_id = parts[number - 1]
        epoch = next((each for each in self.keys.epochs if each.sealing_id == key_id), None)
        try:
            sealed = self.blobs.get(material.sealed_sha256)
        except (KeyError, ValueError):
            raise NoPage("damaged") from None
        except BlobsBusy as error:
            raise StoreBusy from error
        if epoch is None:
            raise NoPage("damaged")
        try:
            return unseal(sealed, epoch.sealing_private, item_info(terminal_id, item_id, part)), material.media_type
        except JournalError:
            raise NoPage("damaged") from None

    def _pack(
        self, known: ServicePack | None, case: wire.CasePayload | None
    ) -> tuple[ServicePack | None, tuple[str, ...]]:
        """The pack by which it was made, and what does not fit when it is decided again."""
        if case is None or case.facts is None:
            return known, ()
        place = replay.place_of(case)
        if place is None:
            return known, ("place",)
        packs = self.replays.packs(case, place)
        if not packs:
            return known, ()
        found = [(replay.differences(each, case), each) for each in packs]
        why, pack = min(found, key=lambda each: len(each[0]))
        return _fitted(pack, case), why


_Part = tuple[wire.PayloadMaterial, str, str, int, str]  # the page, its terminal, item, part of that, key


def _parts(
    found: Found, case: wire.CasePayload | None, sent: Sequence[tuple[life_store.DeedRow, object]]
) -> list[_Part]:
    """Every page of the case, in the order in which they came: the case's own first."""
    parts: list[_Part] = []
    for part, material in enumerate(case.materials if case is not None else (), 1):
        parts.append((material, found.terminal_id, found.item_id, part, found.sealing_key_id))
    for deed, said in sent:
        if isinstance(said, wire.SupplementPayload):
            parts += [
                (material, deed.terminal_id, deed.item_id, part, deed.sealing_key_id)
                for part, material in enumerate(said.materials, 1)
            ]
    return parts


def _pages(
    pack: ServicePack | None, papers: Sequence[wire.PayloadMaterial], of_case: int,
    supplements: Sequence[wire.SupplementPayload],
) -> tuple[Page, ...]:  # fmt: skip
    sent = [0] * of_case
    for number, each in enumerate(supplements, 1):
        sent += [number] * len(each.materials)
    found = []
    for number, (material, times) in enumerate(zip(papers, sent, strict=True), 1):
        spec = None if pack is None else pack.material(material.kind)
        label = SIGNED if material.kind == SIGNATURE else spec.label if spec is not None else EMPTY
        label = label if label != EMPTY else OTHER
        found.append(Page(number, material.kind, label, material.media_type, material.trust, times))
    return tuple(found)


SIGNED = Text("签名", "Signature")
OTHER = Text("其他材料", "Another paper")  # of a kind that its pack does not know
UNNAMED = Text("其他内容", "Another entry")
_NAMES = {"applicant.name": Text("姓名", "Name"), "applicant.number": Text("证件号码", "Document number")}


def _values(pack: ServicePack | None, case: wire.CasePayload | None) -> tuple[Value, ...]:
    """What was filled in as the review page at the terminal showed it, but numbers whole: they are compared here."""
    if case is None:
        return ()
    if pack is None:
        return tuple(
            Value(_NAMES.get(each.key, UNNAMED), Text(each.value, each.value), each.origin.value, each.trust.value)
            for each in map(_field, case.fields)
        )
    envelope = Envelope(tuple(_field(each) for each in case.fields))
    zh, en = forms.review_rows(pack, envelope), forms.review_rows(pack, envelope, "en")
    return tuple(
        Value(row.label, _whole(envelope, row.key, Text(row.value, other.value)), row.origin.value, row.trust.value)
        for row, other in zip(zh, en, strict=True)
    )


def _field(each: wire.PayloadField) -> FieldValue:
    known = {origin.value for origin in Origin}
    origin = Origin(each.origin) if each.origin in known else Origin.TYPED  # a newer terminal's word
    trust = Trust(each.trust) if each.trust in {level.value for level in Trust} else Trust.D
    return FieldValue(each.key, each.value, origin, trust)


def _whole(envelope: Envelope, key: str, shown: Text) -> Text:
    raw = envelope.value(key)
    return Text(raw, raw) if "*" in shown.zh and shown.zh != raw else shown


def _reasons(pack: ServicePack | None, case: wire.CasePayload | None) -> tuple[Reason, ...]:
    rules = {} if pack is None else {rule.rule_id: rule for rule in pack.rules}
    found = []
    for told in () if case is None else case.rules:
        rule = rules.get(told.rule_id)
        if rule is None:
            found.append(Reason(told.rule_id, "", Text(told.because, told.because), told.basis, (), EMPTY))
        else:
            found.append(Reason(rule.rule_id, rule.outcome, rule.because, rule.basis, rule.missing, rule.go))
    return tuple(found)


def _fitted(pack: ServicePack, case: wire.CasePayload) -> ServicePack:
    try:
        fitted = situations.fitted(pack, {field.key: field.value for field in case.fields})
    except ExpressionError:  # answers that no form of this pack lets through
        return pack
    return replace(fitted, questions=pack.questions)
