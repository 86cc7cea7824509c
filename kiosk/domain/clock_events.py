"""What happens to a case, as far as its clocks go: the events that kiosk.domain.clocks reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Kind(Enum):
    """What happened to a case, as far as its clocks go."""

    RECEIVED = "received"  # 收到申请
    SUPPLEMENT_NOTICE = "supplement_notice"  # 一次性告知补正
    SUPPLEMENTED = "supplemented"  # 交齐补正材料
    ACCEPTED = "accepted"  # 受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    HOLD_STARTED = "hold_started"  # 特别程序：听证、检验、检测、检疫、鉴定、专家评审 …
    HOLD_ENDED = "hold_ended"
    EXTENDED = "extended"  # 延长
    DECIDED = "decided"  # 作出决定
    DELIVERED = "delivered"  # 送达证照
    ANSWERED = "answered"  # 答复诉求
    WITHDRAWN = "withdrawn"  # 撤回


class HistoryError(ValueError):
    """Events that no case can have in this order."""

    code = "clock-history"
    retryable = False

    @property
    def advice(self) -> str:
        return f"{self}. Correct the case's events; its clocks cannot be told."


@dataclass(frozen=True, slots=True)
class Event:
    """``at`` is aware. A hold needs a ``reason`` (第四十五条), an extension also an ``approval`` (第四十二条)."""

    kind: Kind
    at: datetime
    reason: str = field(default="", repr=False)
    approval: str = field(default="", repr=False)  # who approved it, or under which number
    granted: bool = False  # of a decision

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise HistoryError("an event's moment needs its time zone")
        if self.kind in (Kind.HOLD_STARTED, Kind.EXTENDED) and not self.reason.strip():
            raise HistoryError(f"{self.kind.value} needs a reason, which the applicant is told")
        if self.kind is Kind.EXTENDED and not self.approval.strip():
            raise HistoryError("extended needs an approval")
