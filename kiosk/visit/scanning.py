"""Papers under the document camera: page by page, looked at by the citizen; and what is read of them, which is nothing
but an offer until the citizen has confirmed it on the form.

A material whose key the commitment replaces is scanned by those who do not promise, or by whoever wants the address
read from it; who promises afterwards hands none in, and its pages are thrown away (kiosk.visit.filling).
"""

from __future__ import annotations

from dataclasses import replace

from devices.contracts.document_camera import DocumentUnavailable, NotCaptured, Page
from kiosk.services import forms
from kiosk.visit.effects import Effect, ReadPage, ShowDesk, TakePage
from kiosk.visit.events import (
    AnotherPagePressed,
    BackPressed,
    DeskOpensAgain,
    MaterialSkipped,
    NextPressed,
    PageRead,
    PageTaken,
    RetakePressed,
    ScanPressed,
    TakePressed,
)
from kiosk.visit.filling import after_material, ask, before_material, review, with_offer
from kiosk.visit.materials import LOST, OPENS_AGAIN, SLOW, as_field, fills_in, must_be_scanned, scan, spec_of, without
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Visit


def pages_of(visit: Visit) -> tuple[bytes, ...]:
    return visit.pages.get(visit.material, ())


@on(ScanPressed, State.FORM)
def scan_to_fill(visit: Visit, event: ScanPressed, now: Now) -> Result:
    question = visit.pack.questions[visit.question]
    material = visit.pack.read_from(question.key)
    if material is None or not fills_in(visit, question.key):
        return stay(visit)
    return scan(visit, material, "form")


@on(TakePressed, State.MATERIAL)
def take(visit: Visit, event: TakePressed, now: Now) -> Result:
    taken = pages_of(visit)
    if visit.scan or len(taken) >= spec_of(visit).pages or not visit.machine.document_camera:
        return stay(visit)
    return stay(visit, TakePage(), scan="taking", problem="")


@on(PageTaken, State.MATERIAL)
def taken(visit: Visit, event: PageTaken, now: Now) -> Result:
    match event.outcome:
        case Page(jpeg=jpeg) if visit.scan == "taking":
            spec, pages = spec_of(visit), (*pages_of(visit), jpeg)
            reads = bool(spec.document) and visit.machine.page_reader
            effects: tuple[Effect, ...] = (ReadPage(spec.key, spec.document, jpeg),) if reads else ()
            return stay(
                visit, *effects, pages={**visit.pages, spec.key: pages}, scan="taken", problem="",
                readings=visit.readings + len(effects),
            )  # fmt: skip
        case NotCaptured(hint):
            return stay(visit, scan="", problem=hint.value)
        case DocumentUnavailable(reason) if visit.scan == "taking" and reason.code in OPENS_AGAIN:
            return stay(visit, ShowDesk(), scan="taken" if pages_of(visit) else "", problem=SLOW)
        case DocumentUnavailable():
            return stay(visit, scan="taken" if pages_of(visit) else "", problem=LOST)
    return stay(visit)


@on(DeskOpensAgain, State.MATERIAL)
def slow(visit: Visit, event: DeskOpensAgain, now: Now) -> Result:
    return stay(visit, problem=SLOW)


@on(RetakePressed, State.MATERIAL)
def retake(visit: Visit, event: RetakePressed, now: Now) -> Result:
    """The last page is forgotten at once, and what was read of it with it."""
    if visit.scan != "taken":
        return stay(visit)
    pages = {**visit.pages, visit.material: pages_of(visit)[:-1]}
    return stay(_without_offers(visit), pages=pages, scan="", problem="")


@on(AnotherPagePressed, State.MATERIAL)
def another(visit: Visit, event: AnotherPagePressed, now: Now) -> Result:
    if visit.scan != "taken" or len(pages_of(visit)) >= spec_of(visit).pages:
        return stay(visit)
    return stay(visit, scan="", problem="")


@on(NextPressed, State.MATERIAL)
def done(visit: Visit, event: NextPressed, now: Now) -> Result:
    if not pages_of(visit) or visit.scan == "taking":
        return stay(visit)
    return leave(visit)


@on(BackPressed, State.MATERIAL)
def back(visit: Visit, event: BackPressed, now: Now) -> Result:
    """Back to where it came from. Pages that were taken stay until they are handed in or thrown away."""
    if visit.scanned_for != "matter":
        return leave(visit)
    return before_material(_closed(visit), spec_of(visit))


@on(MaterialSkipped, State.MATERIAL)
def skip(visit: Visit, event: MaterialSkipped, now: Now) -> Result:
    """No scan: the paper goes to the counter, or nowhere where it was scanned to fill in the form alone."""
    if must_be_scanned(spec_of(visit)) or visit.errand is not None:
        return stay(visit)
    return leave(replace(_without_offers(visit), pages=without(visit, visit.material)))


@on(PageRead)
def read(visit: Visit, event: PageRead, now: Now) -> Result:
    """What was read is offered on the question's page, in an empty field. It comes when it is ready, wherever the visit
    is then; a page that was thrown away meanwhile offers nothing."""
    material = visit.service.material(event.material) if visit.service is not None else None
    if material is None or not visit.readings:
        return stay(visit)
    visit = replace(visit, readings=visit.readings - 1)
    if event.page not in visit.pages.get(material.key, ()):
        return stay(visit)
    visit = replace(visit, offers={**forms.readable(visit.pack, material, event.found), **visit.offers})
    return stay(with_offer(visit) if visit.state is State.FORM else visit)


def leave(visit: Visit) -> Result:
    """From the scanning page to what it was for."""
    spec, where, closed = spec_of(visit), visit.scanned_for, _closed(visit)
    if where == "errand":
        return go(closed, State.SUPPLEMENT)
    if where == "form":
        return ask(closed, visit.question, editing=visit.editing, wanted=True)
    closed = replace(closed, envelope=visit.envelope.with_field(as_field(visit, spec)))
    return review(closed) if where == "review" else after_material(closed, spec)


def _closed(visit: Visit) -> Visit:
    return replace(visit, material="", scan="", scanned_for="")


def _without_offers(visit: Visit) -> Visit:
    """What was read of the material on the page is forgotten; what was confirmed of it stands in the envelope."""
    reads = spec_of(visit).reads
    return replace(visit, offers={key: value for key, value in visit.offers.items() if key not in reads})


late(ScanPressed, but=(State.FORM,))
late(TakePressed, AnotherPagePressed, MaterialSkipped, PageTaken, DeskOpensAgain, but=(State.MATERIAL,))
late(RetakePressed, but=(State.MATERIAL, State.UPLOAD))
