"""Messages of the cameras' children: any JSON object may stand in their head."""

from __future__ import annotations

from typing import Any


def _head(text: str) -> dict[str, Any]:
    """A message's head as the channel delivers it."""
    from devices.transports.child_channel import parse_head

    return parse_head(text.encode("utf-8", "surrogateescape"))


def _message(text: str) -> Any:
    from devices.transports.child_channel import Message

    return Message(_head(text), b"\xff\xd8\xff\xd9")


def outcome(text: str) -> object:
    from devices.drivers.camera.protocol import outcome_of

    return outcome_of(_head(text))


def liveness(text: str) -> object:
    from devices.drivers.camera.protocol import liveness_of

    return liveness_of(_head(text))


def prompt(text: str) -> object:
    from devices.drivers.camera.protocol import prompt_of

    return prompt_of(_head(text))


def frame(text: str) -> object:
    from devices.drivers.camera.protocol import frame_of

    return frame_of(_message(text))


def document_outcome(text: str) -> object:
    from devices.drivers.document_camera.protocol import outcome_of

    return outcome_of(_message(text))


def document_frame(text: str) -> object:
    from devices.drivers.document_camera.protocol import frame_of

    return frame_of(_message(text))


def code(text: str) -> object:
    from devices.vision.code_message import code_of

    return code_of(_head(text))
