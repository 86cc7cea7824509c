"""A travel document's twin: the chip of ``emrtd_chip`` with a document of ``emrtd_issuer``, made from plain options."""

from __future__ import annotations

from functools import cache
from typing import Any

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_issuer import Document, issue


@cache
def document(
    role: str = "passport",
    *,
    image: str = "jpeg",
    algorithm: str = "ecdsa",
    picture: str = "",
    can: str = "",
    forged: str = "",
) -> Document:
    """The document of a role; ``forged`` are words with spaces between them. Made once in a process."""
    return issue(role, image=image, algorithm=algorithm, picture=picture, can=can, forged=tuple(forged.split()))


def chip(
    role: str = "passport",
    *,
    image: str = "jpeg",
    algorithm: str = "ecdsa",
    picture: str = "",
    can: str = "",
    forged: str = "",
    fault: str = "",
    at: int = 0,
    times: int = 1,
    **options: Any,
) -> EmrtdChip:
    """A chip with that document. ``fault`` (``wrong-mac``, ``torn`` …) is armed for APDU ``at``; all else is an option
    of ``EmrtdChip``."""
    paper = document(role, image=image, algorithm=algorithm, picture=picture, can=can, forged=forged)
    made = EmrtdChip(paper, **options)
    if fault:
        made.act(fault, {"at": at, "times": times})
    return made
