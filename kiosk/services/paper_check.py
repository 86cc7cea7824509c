"""The sense of a pack's papers: who gets a receipt, what a certificate needs. Part of `kiosk pack check`; findings are
(path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.services import sense
from kiosk.services.model import ServicePack
from kiosk.services.sense import Finding, PathKey

LICENCE_FIELDS = ("name", "type", "operator", "scope", "premises", "form", "registrar")


def findings(pack: ServicePack) -> Iterator[Finding]:
    receipts = [(index, paper) for index, paper in enumerate(pack.papers) if paper.kind.value == "receipt"]
    for outcome in sense.outcomes(pack):
        if not any(outcome in paper.on for _, paper in receipts):
            path: PathKey = ("papers", receipts[0][0], "outcomes") if receipts else ("papers",)
            yield path, f"nobody gets a receipt when the outcome is {outcome}.", "Add it to the receipt's `outcomes`."
    for index, paper in enumerate(pack.papers):
        if paper.kind.value == "certificate":
            if set(paper.on) != {"approved"}:
                yield (
                    ("papers", index, "outcomes"),
                    "a certificate is for what was approved.",
                    "Write `outcomes: [approved]`.",
                )
            yield from _when(pack, index)
            yield from _licence(pack, index) if paper.template == "licence" else _certificate(pack, index)
        elif paper.later:
            yield ("papers", index, "later"), "only a certificate is given later.", "Write `kind: certificate`."
        elif paper.template != "receipt":
            yield ("papers", index, "template"), "this layout is a certificate's.", "Write `kind: certificate`."


def _when(pack: ServicePack, index: int) -> Iterator[Finding]:
    """A certificate comes out where the table approves; where people alone do, it is given later."""
    approves, paper = "approved" in sense.outcomes(pack), pack.papers[index]
    if paper.later and approves:
        yield ("papers", index, "later"), "a rule approves this matter, so it comes out at once.", "Remove it."
    if not paper.later and not approves:
        yield ("papers", index), "no rule approves this matter, so it would never come out.", "Write `later: true`."
    if paper.later and paper.template == "licence":
        yield ("papers", index, "template"), "its credit code is given at the visit.", "Write `template: certificate`."


def _licence(pack: ServicePack, index: int) -> Iterator[Finding]:
    for name in LICENCE_FIELDS:
        if name not in pack.papers[index].fields:
            yield ("papers", index, "fields"), f"the layout needs the field {name}.", "Add its template."
    if "uscc" not in pack.number_blocks:
        yield ("number_blocks",), "the licence needs a credit code.", "Add uscc."


def _certificate(pack: ServicePack, index: int) -> Iterator[Finding]:
    """The general layout: it says whose it is, and every row has its label."""
    paper = pack.papers[index]
    if paper.template != "certificate":
        yield ("papers", index, "template"), "a certificate has another layout.", "Write `template: certificate`."
    if not paper.fields:
        yield ("papers", index), "nobody could tell whose certificate it is.", "Add `fields`, the name first."
    labelled = {each.key for each in pack.prefill} | {each.key for each in pack.questions}
    labelled |= {each.key for each in pack.derived} | set(paper.labels)
    for name in paper.fields:
        if name not in labelled:
            yield ("papers", index, "fields", name), "this row has no label.", "Add it to `labels`, in both languages."
    for name in paper.labels:
        if name not in paper.fields:
            yield ("papers", index, "labels", name), "no row has this label.", "Remove it, or add the field."
