"""Reader of electronic travel documents (ICAO Doc 9303): passports 护照, travel permits 通行证, and what it reads.

The chip opens only to who has seen the page: a read needs the machine readable zone's three fields (keyed in, scanned
or recognised elsewhere), or the card access number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device
from devices.contracts.identity import CardPhoto, NoCard


class TravelDocumentKind(Enum):
    """Kinds by the document code of the machine readable zone (P…; of CHN: CR, CT, CS, CD)."""

    PASSPORT = "passport"  # 护照
    HK_MACAO_RESIDENT = "hk_macao_resident"  # 港澳居民来往内地通行证
    TAIWAN_RESIDENT = "taiwan_resident"  # 台湾居民来往大陆通行证
    TO_HK_MACAO = "to_hk_macao"  # 往来港澳通行证
    TO_TAIWAN = "to_taiwan"  # 往来台湾通行证
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class MrzKey:
    """What opens the chip, as it stands in the machine readable zone: number, birth and expiry as YYMMDD.

    Number without filler or check digit, longer than nine characters where the document's is.
    """

    number: str
    birth: str
    expiry: str

    def __repr__(self) -> str:
        return "MrzKey(…)"


@dataclass(frozen=True, slots=True, repr=False)
class CanKey:
    """The card access number (six digits on the page); opens chips that know PACE only."""

    number: str

    def __repr__(self) -> str:
        return "CanKey(…)"


AccessKey = MrzKey | CanKey


@dataclass(frozen=True, slots=True)
class Authentic:
    """The data are what the issuing country signed. ``issuer`` is the country of the trusted CSCA certificate
    (ISO 3166-1 alpha-2). It does not say that the chip is no copy of another."""

    issuer: str


@dataclass(frozen=True, slots=True)
class Forged:
    """Something contradicts itself. ``parts``: ``dg1`` … ``dg16`` (not what was signed), ``signature`` (of the
    security object), ``signer`` (its certificate), ``mrz`` (the chip speaks of another page than the one shown)."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Sound in itself, but not traced to a country that is trusted here. ``reason``: ``no-csca`` ``signer-missing``
    ``signer-not-for-documents`` ``signer-not-valid-now`` ``csca-not-valid-now`` ``signer-revoked``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unverifiable:
    """It could not be looked at. ``reason``: ``no-security-object`` ``security-object`` (cannot be read)
    ``algorithm`` (one that is not known here) ``clock`` (the terminal's is wrong: it cannot say what is valid now)."""

    reason: str


Authenticity = Authentic | Forged | Untrusted | Unverifiable


@dataclass(frozen=True, slots=True, repr=False)
class TravelDocument:
    """One document's content, decoded. Absent items are empty strings or None.

    ``document_code``, ``issuing_state``, ``nationality`` (alpha-3) and names are those of the machine readable zone
    (Latin letters); ``native_name`` comes from DG11 where it was asked for. ``sex`` is the GB/T 2261.1 code (1 男 2 女
    9 未说明). ``birth`` and ``expiry`` are None where the document leaves a part open, and where the terminal's clock
    is wrong: the zone names no century. ``groups`` holds what was asked for beside DG1 and DG2, raw, by number. Nothing
    here is to be believed further than ``authenticity`` says.
    """

    kind: TravelDocumentKind
    document_code: str
    number: str
    issuing_state: str
    surname: str
    given_names: str
    nationality: str
    birth: date | None
    sex: str
    expiry: date | None
    authenticity: Authenticity
    optional_data: str = ""
    native_name: str = ""
    photo: CardPhoto | None = None
    groups: Mapping[int, bytes] = field(default_factory=dict)

    def expired(self, today: date) -> bool:
        """True after the last day of validity, and where the document does not tell it."""
        return self.expiry is None or today > self.expiry

    def __repr__(self) -> str:  # personal data never reach a log by way of repr
        return f"TravelDocument({self.kind.value}, {type(self.authenticity).__name__}, …)"


class TravelDocumentReader(Device, Protocol):
    """A contactless reader, and the knowledge of ICAO Doc 9303."""

    def read(self, key: AccessKey, deadline: Deadline) -> TravelDocument | NoCard:
        """One attempt: open the chip, read, verify. NoCard at once when the field is empty.

        DeviceError otherwise: ``wrong-key`` (that page does not open this chip), ``secure-messaging``,
        ``card-pulled``, ``file-missing``, ``file-too-long`` …
        """
        ...

    def present(self, deadline: Deadline) -> bool:
        """Whether a chip lies in the field."""
        ...

    def admit(self, deadline: Deadline) -> None:
        """Let a card in until ``dismiss``, as ``smart_card.SmartCardReader`` says."""
        ...

    def dismiss(self, deadline: Deadline) -> None:
        """Let none in any more, let go of the card, and give it back where the slot holds it."""
        ...
