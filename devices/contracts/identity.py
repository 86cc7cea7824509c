"""Identity document reader (居民身份证阅读机具) and what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device


class DocumentKind(Enum):
    """Card layouts that a SAM-V reader delivers."""

    RESIDENT = "resident"  # 居民身份证
    HMT_RESIDENCE = "hmt_residence"  # 港澳台居民居住证
    FOREIGNER_2017 = "foreigner_2017"  # 外国人永久居留身份证, 2017
    FOREIGNER_2023 = "foreigner_2023"  # 外国人永久居留身份证, 2023


@dataclass(frozen=True, slots=True)
class CardPhoto:
    """The photograph as the reader delivered it. ``encoding`` is ``wlt``, ``bmp`` or ``jpeg``."""

    encoding: str
    data: bytes

    def __repr__(self) -> str:
        return f"CardPhoto({self.encoding}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True, repr=False)
class IdentityDocument:
    """One card's content, decoded. Absent items are empty strings or None.

    ``number`` is the document's own number (18 digits, or 15 on the 2017 foreigner card). ``sex`` is the
    GB/T 2261.1 code (0 未知 1 男 2 女 9 未说明), ``ethnic`` the GB/T 3304 code ("01" 汉). ``valid_to`` is
    None for 长期 (``long_term`` True). ``country`` is ISO 3166-1 alpha-3.
    """

    kind: DocumentKind
    number: str
    name: str
    sex: str
    birth: date
    valid_from: date
    valid_to: date | None
    ethnic: str = ""
    address: str = ""
    issuer: str = ""
    english_name: str = ""
    country: str = ""
    pass_number: str = ""
    issue_count: str = ""
    version: str = ""
    former_number: str = ""
    photo: CardPhoto | None = None
    newest_address: str = ""  # appended to the card after its issue (追加住址), where the reader was told to ask for it

    @property
    def long_term(self) -> bool:
        return self.valid_to is None

    def expired(self, today: date) -> bool:
        """True after the last day of validity."""
        return self.valid_to is not None and today > self.valid_to

    def __repr__(self) -> str:  # personal data never reach a log by way of repr
        return f"IdentityDocument({self.kind.value}, …)"


@dataclass(frozen=True, slots=True)
class NoCard:
    """There is no card in the field."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card was read completely."""

    document: IdentityDocument


@dataclass(frozen=True, slots=True)
class CardGone:
    """The card that lay in the field has been taken away."""


class IdentityReader(Device, Protocol):
    """A reader with a licensed security module."""

    def read(self, deadline: Deadline) -> CardRead | NoCard:
        """One attempt: find, select, read. NoCard at once when the field is empty; DeviceError otherwise."""
        ...

    def present(self, deadline: Deadline) -> bool:
        """Whether the card read last still lies in the field (or any card, when none was read)."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class FingerprintFeatures:
    """Fingerprint features on a card (指纹信息), as its module delivered them: 512 bytes a finger, at most two.

    For a comparison on the spot by a licensed matcher. Whoever asks for them lets go of them at once: they are kept,
    logged and sent nowhere.
    """

    data: bytes

    @property
    def fingers(self) -> int:
        return len(self.data) // 512

    def __repr__(self) -> str:
        return f"FingerprintFeatures({self.fingers} fingers)"


class FingerprintReader(IdentityReader, Protocol):
    """A reader that also delivers the fingerprint features of the card read last."""

    def fingerprint(self, deadline: Deadline) -> FingerprintFeatures | NoCard:
        """Asked of the card that ``read`` returned. NoCard when it lies there no more, or another does; no bytes
        where the card holds no features. DeviceError otherwise."""
        ...


class PhotoUndecodable(Exception):
    """The photograph cannot be turned into a picture here. The person is verified another way."""


class PhotoDecoder(Protocol):
    """Turns a card's photograph into BMP, PNG, JPEG or WebP bytes; raises PhotoUndecodable."""

    def decode(self, photo: CardPhoto) -> bytes: ...
