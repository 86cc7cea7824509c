"""XFS4IoT messages, and what is read out of a service's own description."""

from __future__ import annotations

from dataclasses import replace
from typing import Any


def xfs(text: str) -> Any:
    """A message; the edition with its words in the payload has one version only, whatever was written there."""
    from devices.drivers.xfs4iot.protocol import FIRST_VERSION, Edition, decode

    message = decode(text)
    return replace(message, version=FIRST_VERSION) if message.edition is Edition.PAYLOAD else message


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
