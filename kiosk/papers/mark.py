"""The mark as text in a QR: ``https://office/progress?no=…#P1.BASE32``.

Behind the ``#`` nothing is ever sent to a server: a telephone opens the office's page with the case number alone, and
the mark is checked where it was read. Base32 (RFC 4648, without padding) is upper-case letters and digits, which a QR
packs at 5.5 bits each (ISO/IEC 18004, alphanumeric mode): 8.8 bits a byte, against 10.7 of base64url and 8.25 of base45
(RFC 9285), whose blanks and percent signs do not survive in an address.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.domain.papers import PaperContent
from kiosk.papers import cose
from kiosk.papers.cose import BadMark
from kiosk.papers.statement import BadStatement, Statement, statement_of

PREFIX = "P1."
LONGEST = 4096  # characters


@dataclass(frozen=True, slots=True)
class Mark:
    """What a code says and who says so; ``signed.verify`` is still to be asked."""

    statement: Statement
    signed: cose.Signed


class NoMark(Exception):
    """There is no mark in this text: another code, or a paper from before marks."""


def marked(paper: PaperContent, private_key: bytes, now: datetime) -> PaperContent:
    """The paper with its mark in the code, signed by the terminal's key at the moment of printing.

    A copy's mark says that it is one. A paper that carries nothing to be stated stays as it is.
    """
    if not paper.mark:
        return paper
    return replace(paper, qr=f"{paper.qr}#{made(statement_of(paper, now), private_key)}")


def made(statement: Statement, private_key: bytes) -> str:
    """The mark as text, without what stands before the ``#``."""
    data = cose.sign(statement.encoded(), private_key)
    return PREFIX + base64.b32encode(data).decode("ascii").rstrip("=")


def find(text: str) -> str:
    """The mark in the text of a code. Raises NoMark."""
    found = text.strip().rpartition("#")[2]
    if not found.startswith(PREFIX) or len(found) > LONGEST:
        raise NoMark
    return found


def parse(text: str) -> Mark:
    """The mark in the text of a code. Raises NoMark, BadMark."""
    found = find(text).removeprefix(PREFIX)
    try:
        data = base64.b32decode(found + "=" * (-len(found) % 8))
    except (binascii.Error, ValueError) as error:
        raise BadMark from error
    if base64.b32encode(data).decode("ascii").rstrip("=") != found:  # the last letter may hold bits that count nothing
        raise BadMark
    signed = cose.parse(data)
    try:
        return Mark(Statement.decoded(signed.payload), signed)
    except BadStatement as error:
        raise BadMark from error
