"""Messages between the document camera's driver and its child: JSON heads over ``devices.transports.child_session``.

To the child (``do``): ``configure`` source capture document | ``prepare`` | ``preview`` on | ``more`` | ``look``
seconds picture live | ``capture`` seconds next | ``read-back`` seconds inspection | ``scan`` seconds | ``inspect`` what
(compare, take) seconds inspection + body reference | ``cancel`` | ``status``.
From the child (``is``): ``ready`` | ``prepared`` | ``frame`` + body JPEG, with ``outline``, ``hint`` and ``steady`` |
``hint`` | ``outcome`` + body JPEG | ``looked`` | ``scanned`` codes fault | ``inspected`` + body |
``status`` | ``fault`` code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.contracts.device import Fault
from devices.contracts.document_camera import (
    CaptureOutcome,
    DocumentFrame,
    DocumentHint,
    DocumentUnavailable,
    NotCaptured,
    Page,
    PageSize,
)
from devices.transports.child_channel import Message
from devices.vision import source
from devices.vision.code_message import quad_of


def fault_of(code: str) -> Fault:
    """The fault for a code of the child; an unknown code is a fault too."""
    return source.FAULTS.get(code) or source.UNKNOWN_FAULT


def page_head(page: Page) -> dict[str, Any]:
    """A page as the fields of an ``outcome`` message; its JPEG is the body."""
    return {
        "kind": "page",
        "width": page.width,
        "height": page.height,
        "size": page.size.value,
        "width_mm": page.width_mm,
        "height_mm": page.height_mm,
        "dpi": page.dpi,
        "measured": page.measured,
        "captured_at": page.captured_at,
    }


def outcome_head(outcome: NotCaptured | DocumentUnavailable) -> dict[str, Any]:
    """An outcome without a page as the fields of an ``outcome`` message."""
    match outcome:
        case NotCaptured(hint):
            return {"kind": "not-captured", "hint": hint.value}
        case DocumentUnavailable(fault):
            return {"kind": "unavailable", "code": fault.code}


def outcome_of(message: Message) -> CaptureOutcome:
    """The outcome in an ``outcome`` message; raises ValueError, KeyError or TypeError on garbage."""
    head = message.head
    match head["kind"]:
        case "page":
            return _page_of(head, message.body)
        case "not-captured":
            return NotCaptured(DocumentHint(head["hint"]))
        case "unavailable":
            return DocumentUnavailable(fault_of(str(head["code"])))
        case kind:
            raise ValueError(f"unknown outcome {kind!r}")


def _page_of(head: Mapping[str, Any], jpeg: bytes) -> Page:
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("a page without its picture")
    return Page(
        jpeg,
        int(head["width"]),
        int(head["height"]),
        PageSize(head["size"]),
        float(head["width_mm"]),
        float(head["height_mm"]),
        int(head["dpi"]),
        head["measured"] is True,
        float(head["captured_at"]),
    )


def frame_of(message: Message) -> DocumentFrame:
    """The preview frame in a ``frame`` message; raises ValueError, KeyError or TypeError on garbage."""
    head = message.head
    outline, hint = head.get("outline"), head.get("hint")
    return DocumentFrame(
        message.body,
        int(head["width"]),
        int(head["height"]),
        int(head["sequence"]),
        float(head["captured_at"]),
        None if outline is None else quad_of(outline),
        None if hint is None else DocumentHint(hint),
        float(head.get("steady", 0.0)),
    )
