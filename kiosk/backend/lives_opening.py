"""The first events of a case's life: what its terminal did, and what became of that on arrival. Pure.

``received`` at the moment of commit; what was decided there and holds is decided, and handed over with the receipt
where no certificate belongs to it (else the terminal says when it came out: wire.DeliveryPayload); what waits for a
confirmation, for a person or for a late truth to be looked at (kiosk.domain.late) is received and no more.
"""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.clock_terms import Terms
from kiosk.domain.late import causes, meaning, rung_of
from kiosk.domain.life import Deed, LifeEvent, Role, Track, track_of
from kiosk.domain.text import EMPTY, Text
from kiosk.services.model import ServicePack
from kiosk.wire import CasePayload

DECIDED = {"approved": Deed.APPROVED, "refused": Deed.REFUSED}
ON_THE_SPOT = Text("在自助终端当场决定、当场送达。", "Decided and handed over at the terminal.")
DECIDED_HERE = Text("在自助终端当场决定。", "Decided at the terminal.")
CONFIRMED = Text("联网核对，决定得到确认。", "Compared online: the decision is confirmed.")
MERGED = "elsewhere"  # the cause of kiosk.domain.late that joins a case to an earlier one


def opening(
    case: CasePayload, state: str, received_at: datetime, pack: ServicePack | None, terms: Terms
) -> list[LifeEvent]:
    """``state``: of the case as it was registered (``cases.state``); ``received_at``: by the backend's clock;
    ``terms``: of the pack, with the days for a certificate to be delivered.

    A terminal's clock that was ahead, or wrong, makes no case come in after it arrived.
    """
    committed = datetime.fromisoformat(case.committed_at)
    at = received_at if case.clock == "wrong" else min(committed, received_at)
    events = [LifeEvent(Deed.RECEIVED, at, Role.SYSTEM)]
    decided = DECIDED.get(case.outcome)
    on_the_spot = case.rung == "final" or (case.rung == "provisional" and case.online)
    if decided is not None and (on_the_spot or state == "confirmed"):
        events += _decision(case, decided, at if on_the_spot else received_at, pack, terms, on_the_spot=on_the_spot)
    if state == "merged":
        events.append(LifeEvent(Deed.VOIDED, received_at, Role.SYSTEM, reason=why_late(MERGED, case)))
    return events


def decision_again(outcome: str, at: datetime, role: Role) -> LifeEvent | None:
    """A decision that the office has confirmed after all; None where none was made at the terminal."""
    decided = DECIDED.get(outcome)
    return None if decided is None else LifeEvent(decided, at, role, reason=CONFIRMED)


def why_late(cause: str, case: CasePayload | tuple[str, str]) -> Text:
    """Why a late truth makes a case void; ``case``: or its outcome and rung."""
    outcome, rung = case if isinstance(case, tuple) else (case.outcome, case.rung)
    return meaning(cause, rung_of(outcome, rung)).cause.why if cause in causes() else EMPTY


def _decision(
    case: CasePayload, deed: Deed, at: datetime, pack: ServicePack | None, terms: Terms, *, on_the_spot: bool
) -> list[LifeEvent]:
    if track_of(terms) is Track.COMPLAINT:  # a complaint is not decided upon: what another road is for is not taken in
        taken = deed is Deed.APPROVED
        deed = Deed.ACCEPTED if taken else Deed.NOT_ACCEPTED
        return [LifeEvent(deed, at, Role.SYSTEM, reason=EMPTY if taken else _reason(case, pack))]
    if deed is Deed.REFUSED:
        return [LifeEvent(deed, at, Role.SYSTEM, reason=_reason(case, pack))]
    if not on_the_spot:
        return [LifeEvent(deed, at, Role.SYSTEM, reason=CONFIRMED)]
    if terms.deliver:
        return [LifeEvent(deed, at, Role.SYSTEM, reason=DECIDED_HERE)]
    return [LifeEvent(deed, at, Role.SYSTEM, reason=ON_THE_SPOT), LifeEvent(Deed.DELIVERED, at, Role.SYSTEM)]


def _reason(case: CasePayload, pack: ServicePack | None) -> Text:
    """Why it was refused: the pack's words of the rule that did it, in both languages where the pack is known."""
    fired = [rule.rule_id for rule in case.rules]
    rules = () if pack is None else pack.rules
    refusing = next((rule for rule in rules if rule.rule_id in fired and rule.outcome == "refused"), None)
    if refusing is not None:
        return refusing.because
    said = case.rules[-1].because if case.rules else case.outcome
    return Text(said, said)
