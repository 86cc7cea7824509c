"""The sense of how a pack decides: its rung without a network, what it says where it can do less, its rules one by one
(tables.py holds them against each other). Part of `kiosk pack check`; findings are (path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.domain.decision import Rung
from kiosk.services import sense, text_check
from kiosk.services.expressions import Condition, ExpressionError
from kiosk.services.forms import named
from kiosk.services.model import Decider, ServicePack
from kiosk.services.rules import FACTS, PASS
from kiosk.services.sense import Finding, PathKey


def findings(pack: ServicePack) -> Iterator[Finding]:
    yield from _limits(pack)
    yield from _ladder(pack)


def _ladder(pack: ServicePack) -> Iterator[Finding]:
    """A rung that only takes in needs words of its own and the law's clocks; elsewhere nobody would ever read them."""
    takes = pack.offline is Rung.RECEIPT
    words = (("received", "outcome_texts", "received" in pack.outcome_texts), ("clocks", "", pack.clocks is not None))
    for name, parent, there in words:
        path: PathKey = (parent, name) if parent else (name,)
        if takes and not there:
            yield path, "a service of the rung `receipt` needs it: nothing is decided then.", f"Add `{name}`."
        elif there and not takes:
            yield path, "only a service of the rung `receipt` needs it.", "Remove it, or write `offline: receipt`."


def _limits(pack: ServicePack) -> Iterator[Finding]:
    """Nobody is promised at the start what the machine cannot do now."""
    wanted = []
    if pack.offline in (Rung.PROVISIONAL, Rung.RECEIPT):
        wanted.append(("network", "without a network"))
    if any(paper.certificate_now for paper in pack.papers):
        wanted.append(("paper", "when the certificate cannot be printed"))
    for key, when in wanted:
        if key not in pack.guide.limited:
            yield ("guide",), f"nothing else is said {when}.", f"Add `limited.{key}` with summary, lead and errands."


def conditions(pack: ServicePack) -> Iterator[Finding]:
    fields = text_check.fields(pack) | {d.key for d in pack.derived}
    if pack.commitment is not None:
        fields.add(pack.commitment.replaces)
    for index, rule in enumerate(pack.rules):
        path: PathKey = ("rules", index, "when")
        try:
            compiled = Condition(rule.when)
        except ExpressionError as error:
            first = str(error).splitlines()[0]
            yield path, f"is not a condition: {first}", "Correct the CEL expression."
            continue
        for name in sorted(compiled.names - set(FACTS)):
            yield path, f"{name} is not a fact.", f"Facts are {', '.join(FACTS)}."
        for key in named(rule.when):
            if key not in fields:
                yield path, f"no field has the key {key}.", "Name a field of this pack."
        yield from sense.options(pack, path, rule.when)
    last = pack.rules[-1]
    if last.when.strip() != "true" or last.outcome != "referred":
        yield (
            ("rules", len(pack.rules) - 1),
            "the last rule must always hold and refer the matter to a person.",
            ('Add a last rule with `when: "true"` and `outcome: referred`.'),
        )
    for index, rule in enumerate(pack.rules[:-1]):
        if rule.when.strip() == "true" and rule.outcome != PASS:
            yield ("rules", index), "always holds, so no rule below it is ever reached.", "Move it to the end."
    if "approved" not in sense.outcomes(pack) and pack.decides.by is Decider.RULE:
        yield ("rules",), "nothing can ever be approved.", "Add a rule with the outcome approved."
