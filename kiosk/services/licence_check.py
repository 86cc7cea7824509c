"""The sense of electronic licences as a source (`licences`, and the materials for which they stand). Part of
`kiosk pack check`; findings are (path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.services.model import LICENCE, Applicant, LicenceSource, QuestionKind, ServicePack
from kiosk.services.query_check import HOUSE
from kiosk.services.sense import Finding, PathKey

ANSWERED = (QuestionKind.TEXT, QuestionKind.LATIN, QuestionKind.DIGITS, QuestionKind.DATE)


def findings(pack: ServicePack) -> Iterator[Finding]:
    registers: set[str] = set()
    for index, source in enumerate(pack.licences):
        here: PathKey = ("licences", index)
        if source.register in registers:
            yield (*here, "register"), f"{source.register} is asked already.", "Put its fields together."
        registers.add(source.register)
        yield from _fields(here, pack, source)
    yield from _materials(pack, registers)
    if not pack.licences:
        return
    for wanted in ("name", "number"):
        if not any(item.source == wanted for item in pack.prefill):
            cure = f"Take it from the card: `source: {wanted}`."
            yield ("licences",), f"a licence is asked for by the {wanted}.", cure
    if pack.query is not None:
        yield ("licences",), "a query asks its one register, and nothing else.", "Leave `licences` or `query` out."
    if Applicant.SELF not in pack.applicants:
        yield ("licences",), "a licence is of whoever stands here.", "Add `self` to the applicants, or leave it out."


def _fields(here: PathKey, pack: ServicePack, source: LicenceSource) -> Iterator[Finding]:
    told = {item.key for item in pack.prefill if item.source == LICENCE}
    whens: dict[str, str] = {}
    for number, key in enumerate(source.fields):
        path: PathKey = (*here, "fields", number)
        question = pack.question(key)
        if source.fields.index(key) < number:
            yield (*path, "key"), f"{key} stands in it twice.", "Keep one of the two."
        elif question is None and key not in told:
            yield path, f"no question has the key {key}, and nothing names it.", "Name a question, or add a label."
        elif question is not None and key not in told:
            whens[key] = question.when
            if question.kind not in ANSWERED:
                yield (*path, "key"), f"{key} is answered as {question.kind.value}.", "Name a question that is typed."
        if key.startswith(HOUSE):
            yield (*path, "key"), f"keys that begin with {HOUSE} are the house's own.", "Choose another key."
    if len(set(whens.values())) > 1:
        cure = "Give the questions the same `when`: what the licence says goes into a case whole."
        yield (*here, "fields"), f"{' and '.join(whens)} are not asked in the same situations.", cure
    if not whens and not pack.lent(source):
        cure = "Name a question among its fields, or the register in the `licence` of a material."
        yield here, "spares nobody anything.", cure


def _materials(pack: ServicePack, registers: set[str]) -> Iterator[Finding]:
    needed = pack.needed
    for index, material in enumerate(pack.materials):
        here: PathKey = ("materials", index, "licence")
        licence = material.licence
        if licence is None:
            continue
        if licence.source == LICENCE and not licence.register:
            yield here, "nobody knows which register has the licence.", "Add `register`, a name of `licences`."
        elif licence.register and licence.source != LICENCE:
            yield (*here, "register"), "the card is asked of no register.", "Write `from: licence`, or remove it."
        elif licence.register and licence.register not in registers:
            yield (*here, "register"), f"`licences` has no register {licence.register}.", "Name one of `licences`."
        elif licence.register and material not in needed:
            yield here, "a promise stands for it already.", "Keep one of the two."
