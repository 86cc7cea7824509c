"""The sense of a query (查询): what has to hold where a department's register is asked. Part of `kiosk pack check`;
findings are (path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.domain.decision import Rung
from kiosk.domain.register import ANSWER, FOUND, NONE
from kiosk.services import sense
from kiosk.services.forms import named
from kiosk.services.model import LICENCE, REGISTER, Applicant, PaperKind, Prefill, ServicePack

HOUSE = "register."  # what keys of the house's own begin with


def prefilled(pack: ServicePack) -> Iterator[tuple[sense.PathKey, Prefill]]:
    """What is not asked, with its place in the file: from the card, then from the register, then from a licence."""
    answered = -1  # the kind of the answer comes first, and stands under no key of its own
    licences = {key: ("licences", n, "fields", at) for n, one in enumerate(pack.licences)
                for at, key in enumerate(one.fields)}  # fmt: skip
    for index, item in enumerate(pack.prefill):
        if item.source == LICENCE:
            yield licences[item.key], item
            continue
        if item.source != REGISTER:
            yield ("prefill", index), item
            continue
        yield ("query", "fields", answered) if item.key != ANSWER else ("query", "label"), item
        answered += 1


def findings(pack: ServicePack) -> Iterator[sense.Finding]:
    used = [(index, rule) for index, rule in enumerate(pack.rules) if ANSWER in named(rule.when)]
    for index, rule in enumerate(pack.rules):
        for key, value in sense.compared(rule.when):
            if key == ANSWER and value not in (FOUND, NONE):
                yield ("rules", index, "when"), f"a register does not answer {value}.", f"It answers {FOUND} or {NONE}."
    if pack.query is None:
        for index, _ in used:
            yield ("rules", index, "when"), "no register is asked.", "Add a `query`."
        return
    sources = {item.source for item in pack.prefill}
    for source in ("name", "number"):
        if source not in sources:
            yield ("query",), f"the register is asked by the {source}.", f"Take it from the card: `source: {source}`."
    if pack.offline is not Rung.SAVE:
        yield ("offline",), "a register cannot be asked without a network.", "Write `offline: save`."
    if pack.questions or pack.commitment is not None or pack.applicants != (Applicant.SELF,):
        yield ("query",), "a query is about the card's holder, who is asked nothing.", "Leave the form out."
    for value in (FOUND, NONE):
        if not any((ANSWER, value) in sense.compared(rule.when) for _, rule in used):
            yield ("rules",), f"no rule says what follows from the answer {value}.", f'Compare answers["{ANSWER}"].'
    if not any(paper.kind is PaperKind.CERTIFICATE for paper in pack.papers):
        yield ("papers",), "nothing certifies the answer.", "Add a paper of the kind certificate."
    for path, item in prefilled(pack):
        if item.key.startswith(HOUSE) and item.key != ANSWER:
            yield (*path, "key"), f"keys that begin with {HOUSE} are the house's own.", "Choose another key."
