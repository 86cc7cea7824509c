"""The envelope: everything a citizen has told or shown, each value with where it came from.

Entered once; every department's own format is made from it by machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum


class Origin(Enum):
    """Where a value came from (shown beside it on the review page)."""

    CARD = "card"  # 身份证
    TYPED = "typed"  # 您填写
    CHOSEN = "chosen"  # 您选择
    COMMITTED = "committed"  # 您已承诺
    DERIVED = "derived"  # 自动生成
    LICENCE = "licence"  # 电子证照
    EARLIER = "earlier"  # 上次办件
    OCR = "ocr"  # 从材料识别, 您核对过
    SCANNED = "scanned"  # 扫描的材料
    PHONE = "phone"  # 手机上传的材料: at least a page of it
    HELPER = "helper"  # 代办人填写
    REGISTER = "register"  # 部门查询: a department's register has answered


PAGES = frozenset({Origin.SCANNED, Origin.PHONE})
"""Origins of a material whose pages go with the case."""


class Trust(Enum):
    """Trust level of a material (国办函〔2016〕108号)."""

    A = "A"  # issued by the organ
    B = "B"  # checked against the original
    C = "C"  # uploaded by the user, original still to check
    D = "D"  # made by the user, who promises its truth


@dataclass(frozen=True, slots=True, repr=False)
class FieldValue:
    """One value. ``key`` is the pack's field key (``applicant.name``, ``shop_name``)."""

    key: str
    value: str
    origin: Origin
    trust: Trust

    def __repr__(self) -> str:  # the value is personal data
        return f"FieldValue({self.key}, {self.origin.value})"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Envelope:
    """Values in the order in which they became known; a key stands once."""

    fields: tuple[FieldValue, ...] = ()

    def get(self, key: str) -> FieldValue | None:
        return next((f for f in self.fields if f.key == key), None)

    def value(self, key: str, default: str = "") -> str:
        found = self.get(key)
        return default if found is None else found.value

    def with_field(self, field: FieldValue) -> Envelope:
        """The same envelope with this value in place of an earlier one of its key."""
        if self.get(field.key) is None:
            return replace(self, fields=(*self.fields, field))
        return replace(self, fields=tuple(field if f.key == field.key else f for f in self.fields))

    def with_fields(self, fields: Iterable[FieldValue]) -> Envelope:
        result = self
        for field in fields:
            result = result.with_field(field)
        return result

    def as_dict(self) -> dict[str, str]:
        return {f.key: f.value for f in self.fields}
