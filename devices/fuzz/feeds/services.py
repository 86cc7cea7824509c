"""XFS4IoT messages, and what is read out of a service's own description."""

from __future__ import annotations

from dataclasses import replace
from typing import Any


def xfs(text: str) -> Any:
    """A message without what its edition does not write back: the version where the words stand in the payload, the
    request's number of what nobody asked for."""
    from devices.drivers.xfs4iot.protocol import FIRST_VERSION, Edition, Kind, decode

    message = decode(text)
    if message.edition is Edition.PAYLOAD:
        message = replace(message, version=FIRST_VERSION)
    return replace(message, request_id=0) if message.kind is Kind.UNSOLICITED else message


def xfs_again(message: Any) -> str:
    """In the edition that it came in; events show none."""
    from devices.drivers.xfs4iot.protocol import Edition, encode

    return encode(message, message.edition or Edition.HEADER)


def xfs_capabilities(text: str) -> list[Any]:
    """What a service says of itself in Common.Capabilities."""
    from devices.drivers.xfs4iot.discovery import device_information, interfaces_of, versions_of
    from devices.drivers.xfs4iot.protocol import decode

    payload = decode(text).payload
    return [interfaces_of(payload), versions_of(payload), device_information(payload)]
