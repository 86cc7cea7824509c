"""What was decided, by which rules, on which legal basis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kiosk.domain.text import EMPTY, Text


class Outcome(Enum):
    """How a matter stands after the visit."""

    APPROVED = "approved"  # 准予 / 通过
    REFUSED = "refused"  # 不予
    REFERRED = "referred"  # 转人工审核
    RECEIVED = "received"  # 已收件，以后决定: taken where nothing may be decided (Rung.RECEIPT without a network)


UNDECIDED = frozenset({Outcome.REFERRED, Outcome.RECEIVED})


class Rung(Enum):
    """The offline ladder: what the terminal may do with the network gone (kiosk.domain.ladder says what that is)."""

    SAVE = "save"  # draft, come back
    RECEIPT = "receipt"  # dated receipt, decision later
    PROVISIONAL = "provisional"  # decision subject to confirmation
    FINAL = "final"  # decided here


class Verification(Enum):
    """How the person was verified against the document."""

    FACE = "face"  # 人脸核验
    STAFF = "staff"  # 工作人员现场核对 (one-time code)
    LATER = "later"  # 转人工复核: nobody has compared yet


@dataclass(frozen=True, slots=True)
class FiredRule:
    """One rule that took part in the decision. ``missing`` and ``go``: what is lacking, and where it goes on."""

    rule_id: str
    because: Text
    basis: str
    missing: tuple[Text, ...] = ()
    go: Text = EMPTY


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that can be explained and replayed."""

    outcome: Outcome
    rung: Rung
    pack_id: str
    pack_version: str
    rules: tuple[FiredRule, ...]
    online: bool
    ahead: Outcome | None = None  # of what was RECEIVED: what the table says already now; the backend decides

    @property
    def effective(self) -> bool:
        """Whether the result holds now, with nothing left to confirm."""
        return self.outcome not in UNDECIDED and (self.online or self.rung is Rung.FINAL)

    @property
    def against(self) -> bool:
        """Whether something speaks against it: what is lacking and where to go is told then, also of a look ahead."""
        return Outcome.REFUSED in (self.outcome, self.ahead) or self.outcome is Outcome.REFERRED

    @property
    def wording(self) -> str:
        """Which of a pack's outcome texts tells it: ``approved_offline`` when it was approved without a network."""
        if self.outcome is Outcome.APPROVED and not self.online:
            return "approved_offline"
        return self.outcome.value
