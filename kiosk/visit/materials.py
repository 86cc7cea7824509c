"""What the visit knows of scanned papers: which can be scanned here, what of them goes into the case. Pages that a
telephone sent are among them, and known by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from kiosk.domain.case import Material
from kiosk.domain.envelope import FieldValue, Origin, Trust
from kiosk.services import forms
from kiosk.services.model import MaterialSpec
from kiosk.visit import errands
from kiosk.visit.effects import HideDesk, ShowDesk
from kiosk.visit.states import State
from kiosk.visit.table import Result, go
from kiosk.visit.visit import Visit

JPEG = "image/jpeg"
LOST = "lost"  # the problem: the document camera does not answer
SLOW = "slow"  # the problem: it has not opened in its time, and is opened again
OPENS_AGAIN = frozenset({"child-silent", "child-died", "child-garbage", "device-busy", "no-answer"})
"""Faults of a camera that say nothing of the camera: its process was too slow for this machine, or fell over."""


def spec_of(visit: Visit) -> MaterialSpec:
    """The paper that is being scanned: of the chosen service, or one that the office asks for."""
    if visit.errand is not None:
        found = next((spec for spec in errands.asked_for(visit) if spec.key == visit.material), None)
    else:
        found = visit.pack.material(visit.material)
    if found is None:
        raise AssertionError("no material is being scanned")
    return found


def scannable(visit: Visit, material: MaterialSpec | None) -> bool:
    """Whether this paper can be scanned here and now."""
    return material is not None and visit.machine.document_camera


def must_be_scanned(material: MaterialSpec) -> bool:
    """Whether the matter cannot go on without a scan: told before the visit, so only of what everybody is asked for."""
    return material.required and not material.when


def fills_in(visit: Visit, question: str) -> bool:
    """Whether the answer to this question can be read from a paper here and now."""
    return visit.machine.page_reader and scannable(visit, visit.pack.read_from(question))


def scan(visit: Visit, material: MaterialSpec, back: str) -> Result:
    """The scanning page; ``back`` says what it leads to (Visit.scanned_for)."""
    stage = "taken" if visit.pages.get(material.key) else ""
    return go(
        visit, State.MATERIAL, material=material.key, scan=stage, scanned_for=back,
        problem="" if visit.machine.document_camera else LOST,
    )  # fmt: skip


def desk(before: Visit, after: Visit) -> Result:
    """The desk is in sight while its page is, however that is come to and left; a page that was being taken then is not
    taken."""
    here, there = after.state is State.MATERIAL, before.state is State.MATERIAL
    if here and not there:
        return (replace(after, scan="") if after.scan == "taking" else after), (ShowDesk(),)
    return after, (HideDesk(),) if there and not here else ()


def attached(visit: Visit) -> tuple[Material, ...]:
    """The scanned pages as the case takes them, in the pack's order; each page is a part of its material."""
    return tuple(
        Material(spec.key, JPEG, page, Trust.C)
        for spec in visit.pack.materials
        for page in visit.pages.get(spec.key, ())
    )


def mark_of(page: bytes) -> bytes:
    """By which a page is known as one that a telephone sent, without a second copy of it."""
    return hashlib.sha256(page).digest()


def without(visit: Visit, key: str) -> Mapping[str, tuple[bytes, ...]]:
    return {known: pages for known, pages in visit.pages.items() if known != key}


def next_needed(visit: Visit) -> MaterialSpec | None:
    """The next paper that every applicant is asked for and about which nothing is known yet."""
    return next((spec for spec in visit.pack.needed if visit.envelope.get(spec.key) is None), None)


def as_field(visit: Visit, spec: MaterialSpec) -> FieldValue:
    """What the envelope says of a material: how many pages were scanned, or that it goes to the counter. One of which
    the telephone sent a page is told as sent: nobody has seen a paper under the camera."""
    if pages := visit.pages.get(spec.key):
        return forms.scanned(spec, len(pages), by_phone=any(mark_of(page) in visit.by_phone for page in pages))
    terms = next((each for each in visit.pack.commitments if each.replaces == spec.key), None)
    if terms is not None:
        return FieldValue(spec.key, terms.declined_text.zh, Origin.CHOSEN, Trust.D)
    return forms.not_handed_in(spec)
