"""Whether a sealed PDF is as it was sealed, by whom and when; offline, from the file and what is published.

Integrity is pyHanko's to judge: one signature, over the whole file, that allows no change. Beside that every byte that
no signature covers (the room left behind the signature) has to be zero, so that no bit can be flipped unseen. Who is
believed is told by the published list (kiosk/papers/listing.py) or by certificates that are named; by neither, nobody
is.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from kiosk import wire
from kiosk.papers.listing import SealKey
from kiosk.seals.making import SAMPLE
from kiosk.seals.sealer import load_certificate


class Verdict(Enum):
    GENUINE = "genuine"  # sealed by an authority that is vouched for, and unchanged
    ALTERED = "altered"  # changed since, or sealed with a key that is not the certificate's
    NO_SEAL = "no-seal"  # no PDF, or one that nobody has sealed
    UNKNOWN_SEAL = "unknown-seal"  # whole, and sealed by somebody who is not among those that are vouched for
    EXPIRED = "expired"  # sealed out of the certificate's time, or the certificate has run out and nobody else vouches
    WITHDRAWN = "withdrawn"  # the office believes nothing that this seal has signed
    UNVOUCHED = "unvouched"  # whole, and nothing was named by which to tell whose it is


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """``notes``: ``sample`` (for trying out), ``certificate-expired`` (since it was sealed), ``sm2`` (the signature
    beside the file is good too), ``no-sm2`` (there is none to hold against it).
    """

    verdict: Verdict
    authority: str = ""
    sealed_at: datetime | None = None
    reason: str = ""
    mark: str = ""
    certificate: bytes = b""
    notes: tuple[str, ...] = ()


def check(
    pdf: bytes,
    now: datetime,
    *,
    vouched: Sequence[SealKey] = (),
    trusted: Sequence[bytes] = (),
    sm2: bytes | None = None,
) -> Found:
    """``vouched``: from the list; ``trusted``: certificates, DER, of seals or of the CA. Never raises for what is sent.

    ``sm2``: what lies beside the file; it has to be of the same seal where the list names its key.
    """
    try:
        told = _signature(pdf)
    except _NoSeal:
        return Found(Verdict.NO_SEAL)
    except _Altered:
        return Found(Verdict.ALTERED)
    key = next((each for each in vouched if wire.unb64(each.certificate) == told.certificate), None)
    named = SAMPLE in load_certificate(told.certificate).subject.rfc4514_string()
    notes = ["sample"] if named or (key is not None and key.sample) else []
    if sm2 is not None:
        if not _sm2_holds(pdf, sm2, key):
            return Found(Verdict.ALTERED, told.authority, told.at, told.reason)
        notes.append("sm2")
    verdict = _believed(told, key, vouched, trusted, now, notes)
    return Found(verdict, told.authority, told.at, told.reason, told.mark, told.certificate, tuple(notes))


class _NoSeal(Exception):
    pass


class _Altered(Exception):
    pass


@dataclass(frozen=True, slots=True, repr=False)
class _Told:
    authority: str
    at: datetime
    reason: str
    mark: str
    certificate: bytes
    chain: tuple[bytes, ...]


def _believed(
    told: _Told,
    key: SealKey | None,
    vouched: Sequence[SealKey],
    trusted: Sequence[bytes],
    now: datetime,
    notes: list[str],
) -> Verdict:
    certificate = load_certificate(told.certificate)
    if not certificate.not_valid_before_utc <= told.at <= certificate.not_valid_after_utc:
        return Verdict.EXPIRED
    ended = now > certificate.not_valid_after_utc
    if key is not None:
        if key.withdrawn:
            return Verdict.WITHDRAWN
        if ended:
            notes.append(
                "certificate-expired"
            )  # by its own word it was sealed in time, and the office still stands for it
        return Verdict.GENUINE
    if _leads_to(told, trusted):
        return Verdict.EXPIRED if ended else Verdict.GENUINE
    return Verdict.UNKNOWN_SEAL if vouched or trusted else Verdict.UNVOUCHED


def _leads_to(told: _Told, trusted: Sequence[bytes]) -> bool:
    """Whether the seal's certificate is one of these, or was issued by one through those that came with it."""
    from cryptography.exceptions import InvalidSignature

    known = [load_certificate(each) for each in trusted]
    between = [load_certificate(each) for each in told.chain]
    here = load_certificate(told.certificate)
    for _ in range(len(between) + 1):
        if any(here == each for each in known):
            return True
        for issuer in (*known, *between):
            try:
                here.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature):
                continue
            if issuer in known:
                return True
            here = issuer
            break
        else:
            return False
    return False


def _signature(pdf: bytes) -> _Told:
    """What the one signature of the file says, once it holds. Raises _NoSeal, _Altered."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds is told by the verdict
    if not pdf.startswith(b"%PDF-"):
        raise _NoSeal
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = list(reader.embedded_signatures)
        if not found:
            raise _NoSeal
        if len(found) != 1:
            raise _Altered
        (signature,) = found
        # whom to believe is told above (`_believed`): here its own certificate will do, on the day that it names itself
        own = ValidationContext(
            trust_roots=[signature.signer_cert], allow_fetching=False, moment=signature.self_reported_timestamp
        )
        status = validate_pdf_signature(signature, own)
        whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and status.docmdp_ok is not False
        if not (status.intact and status.valid and whole):
            raise _Altered
        _nothing_uncovered(pdf, signature)
        return _Told(
            _common_name(status.signing_cert), signature.self_reported_timestamp,
            str(signature.sig_object.get("/Reason", "")), str(reader.trailer_view["/Info"].get("/Keywords", "")),
            status.signing_cert.dump(), tuple(each.dump() for each in signature.other_embedded_certs),
        )  # fmt: skip
    except (_NoSeal, _Altered):
        raise
    except (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, RecursionError) as error:
        # What no seal was ever put on cannot have been changed since: other programs' PDFs are often not to the letter.
        raise (_Altered if b"/ByteRange" in pdf else _NoSeal) from error


def _common_name(certificate: Any) -> str:
    return str(certificate.subject.native.get("common_name", ""))


def _nothing_uncovered(pdf: bytes, signature: Any) -> None:
    """What stands between the covered parts is the signature, written in one way alone, and zeros. Raises _Altered."""
    start, length, again, rest = (int(each) for each in signature.byte_range)
    if start != 0 or again + rest != len(pdf):
        raise _Altered
    gap = pdf[length:again]
    content = _trimmed(signature.pkcs7_content)
    wanted = b"<" + content.hex().encode() + b"0" * (len(gap) - 2 - 2 * len(content)) + b">"
    if gap.lower() != wanted or gap not in (wanted, wanted.upper()):
        raise _Altered


def _trimmed(data: bytes) -> bytes:
    """The one DER element at the beginning: a length of one byte, or of as many as its first one says."""
    more = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + more], "big") if more else data[1]
    return data[: 2 + more + length]


def _sm2_holds(pdf: bytes, beside: bytes, key: SealKey | None) -> bool:
    from kiosk.suites import BadSignature, shangmi

    try:
        told = json.loads(beside)
        if told["format"] != 1 or (key is not None and told["key"] != key.sm2):
            return False
        shangmi.verify_plain(wire.unb64(told["key"]), pdf, wire.unb64(told["signature"]))
    except (ValueError, KeyError, TypeError, AttributeError, BadSignature):
        return False
    return True
