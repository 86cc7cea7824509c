"""What a result means for the citizen, for screen and paper alike: what is missing, where to go, who decides, who does
what next. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.domain.clock_words import Until, undated
from kiosk.domain.decision import Decision, FiredRule, Outcome
from kiosk.domain.text import EMPTY, Text
from kiosk.services.model import Decider, ServicePack

DECIDED_BY = Text("由{}决定，{} 个工作日内{}告诉您结果。", "{} decides, and you hear within {} working days{}.")
HOURS = Text("办公时间：{}", "Open: {}")
NOT_YET = Text(
    "这还不是决定：联网以后由办理机关作出。", "This is no decision: the office makes it once the network is back."
)
HANDED_ON = Text("{}：{}，{} 个工作日内{}", "{}: {}, within {} working days{}")


def why(decision: Decision) -> tuple[Text, ...]:
    """Every reason of a refusal: who is refused reads it without asking for it."""
    return _once(rule.because for rule in decision.rules) if decision.outcome is Outcome.REFUSED else ()


def ahead(decision: Decision) -> tuple[Text, ...]:
    """Of what was received and will be refused as the rules stand: why, and that nothing is decided yet.

    Nobody is sent home with a date to wait for who can be told now what stands in the way.
    """
    if decision.ahead is not Outcome.REFUSED:
        return ()
    return (*_once(rule.because for rule in decision.rules), NOT_YET)


def missing(decision: Decision) -> tuple[Text, ...]:
    """Everything that is lacking, told at once."""
    return _once(text for rule in _against(decision) for text in rule.missing)


def where_to_go(decision: Decision) -> tuple[Text, ...]:
    return _once(rule.go for rule in _against(decision))


def who_decides(pack: ServicePack, decision: Decision, until: Until = undated) -> tuple[Text, ...]:
    """Of a matter that a person decides: who, by when, and when that office is open. ``until``: the last days."""
    deciding = pack.decides
    if decision.outcome is not Outcome.REFERRED or deciding.office == EMPTY:
        return ()
    told = []
    if deciding.by is not Decider.RULE:
        told.append(
            _of(DECIDED_BY, deciding.office, Text(str(deciding.days), str(deciding.days)), until(deciding.days))
        )
    if deciding.hours != EMPTY:
        told.append(_of(HOURS, deciding.hours))
    return tuple(told)


def handed_on(pack: ServicePack, decision: Decision, until: Until = undated) -> tuple[Text, ...]:
    """To whom the matter goes, with their clocks; nobody gets what was refused, or will be."""
    if Outcome.REFUSED in (decision.outcome, decision.ahead):
        return ()
    return tuple(
        _of(HANDED_ON, one.name, one.does, Text(str(one.days), str(one.days)), until(one.days)) for one in pack.handlers
    )


def _against(decision: Decision) -> tuple[FiredRule, ...]:
    return decision.rules if decision.against else ()


def _of(words: Text, *parts: Text) -> Text:
    return Text(words.zh.format(*(p.zh for p in parts)), words.en.format(*(p.en for p in parts)))


def _once(texts: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(dict.fromkeys(text for text in texts if text != EMPTY))
