"""The travel document reader: ICAO Doc 9303 over any SmartCardReader.

A read is: PACE where the chip offers it (else BAC) with the page's key, then EF.COM, EF.SOD, DG1, DG2 and what else
was asked for, then passive authentication. The chip loses power at the end of every read: no session outlives it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, Level, Status, TestResult
from devices.contracts.identity import CardPhoto, NoCard
from devices.contracts.smart_card import SmartCardReader
from devices.contracts.travel_document import (
    AccessKey,
    Authentic,
    Authenticity,
    Forged,
    TravelDocument,
    Untrusted,
    Unverifiable,
)
from devices.drivers.card_device import CardDevice
from devices.drivers.emrtd import bac, capacity, lds, mrz, protocol, security_object
from devices.drivers.emrtd.access import Key
from devices.drivers.emrtd.bac import Draw
from devices.drivers.emrtd.channel import SHORT_CHUNKS, Channel, SmallerChunk
from devices.drivers.emrtd.csca import CscaStore
from devices.drivers.emrtd.protocol import COM, GUARDED, SOD, File, data_group, trouble

_SEX = {"M": "1", "F": "2"}  # GB/T 2261.1
_UNSPECIFIED_SEX = "9"


def now_here() -> datetime:
    return datetime.now().astimezone()


class EmrtdReader(CardDevice):
    """Travel documents on ``reader``, judged by ``store``. ``groups`` are read beside DG1 and DG2 where they are there
    (DG11 brings the native name; DG3 and DG4 are guarded by the issuer and never read). ``draw`` gives random bytes: a
    replay needs those of its capture."""

    kind = "travel_document"
    driver = "emrtd"

    def __init__(
        self,
        reader: SmartCardReader,
        store: CscaStore,
        *,
        groups: Collection[int] = (),
        now: Callable[[], datetime] = now_here,
        draw: Draw = secrets.token_bytes,
    ) -> None:
        super().__init__(reader)
        self._store = store
        self._groups = tuple(sorted(set(groups) - {1, 2} - GUARDED))
        self._now = now
        self._draw = draw
        self._extended = True  # until it turns out that this reader cannot carry it

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {
            "documents": "icao-9303",
            "access": "pace-ecdh-gm bac",
            "groups": " ".join(str(number) for number in (1, 2, *self._groups)),
            "csca": " ".join(self._store.countries),
            "chip_authentication": "none",
            "verified": "simulated-chips",
        }

    def poll(self, deadline: Deadline) -> Status:
        """The slot's status, and whether there is anybody to believe."""
        status = super().poll(deadline)
        details = {**status.details, "csca_countries": str(len(self._store.countries))}
        return replace(status, faults=(*status.faults, *self._store_faults()), details=details)

    def reset(self, deadline: Deadline) -> None:
        super().reset(deadline)
        self._extended = True

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """The slot, and the ciphers against the standard's worked example; beyond internal, whether what lies there
        is a travel document. Without a key it goes no further."""
        if not _ciphers_agree():
            return TestResult(level, False, "the ciphers of this machine do not give the standard's worked example")
        try:
            result = super().self_test(level, deadline)
        finally:
            self.disconnect()
        return replace(result, report=f"{result.report}; {len(self._store)} CSCA certificates")

    def _examine(self, deadline: Deadline) -> str:
        card = self._connected(deadline)
        if isinstance(card, NoCard):
            raise trouble("no-application", "it was taken away")
        answer = card.transmit(protocol.SELECT_APPLICATION.encode(), deadline)
        if not answer.ok:
            raise trouble("no-application", f"{answer.sw:04X}")
        return "it is an electronic travel document"

    def statistics(self) -> Mapping[str, int]:
        """The slot's counts; documents, commands, bytes, read_ms and read_ms_last (whole reads that succeeded), one
        per kind of authenticity and one per error code."""
        return super().statistics()

    # ---- TravelDocumentReader ----

    def read(self, key: AccessKey, deadline: Deadline) -> TravelDocument | NoCard:
        """One attempt; NoCard at once when the field is empty."""
        start = time.monotonic()
        try:
            outcome = self._read(Key(key, self._draw), deadline)
        except DeviceError as error:
            self._counts[error.code] += 1
            raise
        finally:
            self.disconnect()
        if isinstance(outcome, TravelDocument):
            spent = round((time.monotonic() - start) * 1000)
            self._counts["documents"] += 1
            self._counts["read_ms"] += spent
            self._counts["read_ms_last"] = spent
            self._counts[type(outcome.authenticity).__name__.lower()] += 1
        return outcome

    def _read(self, key: Key, deadline: Deadline) -> TravelDocument | NoCard:
        """Ask for as much at once as the chip takes: less, from the beginning, where it does not take it."""
        card = self._connected(deadline)
        if isinstance(card, NoCard):
            return card
        channel = Channel(card, deadline, self._counts)
        for chunk in capacity.chunks(channel, card.atr) if self._extended else SHORT_CHUNKS:
            channel.chunk = chunk
            try:
                return self._document(channel, key)
            except SmallerChunk:
                self._counts["smaller_chunk"] += 1
                self._extended &= chunk <= SHORT_CHUNKS[0]
            self.disconnect()
            card = self._connected(deadline)
            if isinstance(card, NoCard):
                raise trouble("card-pulled")
            channel = Channel(card, deadline, self._counts)
        raise trouble("card-refused", "no size of READ BINARY is taken")

    def _document(self, channel: Channel, key: Key) -> TravelDocument:
        key.open(channel)
        com = _optional(channel, COM, key)
        sod = _optional(channel, SOD, key)
        present = _present(com, sod) or {1, 2, *self._groups}
        files = {1: channel.read(data_group(1))}
        if 2 in present:
            files[2] = channel.read(data_group(2))
        wanted = [number for number in self._groups if number in present]
        extra = {number: channel.read(data_group(number)) for number in wanted}
        zone = lds.zone(files[1])
        authenticity = self._judge(sod, {**files, **extra})
        if not key.fits(zone):
            already = authenticity.parts if isinstance(authenticity, Forged) else ()
            authenticity = Forged((*already, "mrz"))
        today = self._now().date()
        return TravelDocument(
            kind=zone.kind,
            document_code=zone.document_code,
            number=zone.number,
            issuing_state=zone.issuing_state,
            surname=zone.surname,
            given_names=zone.given_names,
            nationality=zone.nationality,
            birth=mrz.birth_date(zone.birth, today),
            sex=_SEX.get(zone.sex, _UNSPECIFIED_SEX),
            expiry=mrz.expiry_date(zone.expiry, today),
            authenticity=authenticity,
            optional_data=zone.optional_data,
            native_name=lds.native_name(extra[11]) if 11 in extra else "",
            photo=self._picture(files.get(2)),
            groups=extra,
        )

    def _judge(self, sod: bytes | None, files: Mapping[int, bytes]) -> Authenticity:
        if sod is None:
            return Unverifiable("no-security-object")
        now = self._now()
        judged = security_object.authenticity(sod, files, self._store, now)
        if now.date() < mrz.FIRST_DAY and isinstance(judged, Authentic | Untrusted):
            return Unverifiable("clock")  # which certificates are valid is not known; a changed file is one on any day
        return judged

    def _picture(self, dg2: bytes | None) -> CardPhoto | None:
        """A document whose picture is not known here is still a document: the person is verified another way."""
        try:
            return lds.picture(dg2) if dg2 is not None else None
        except lds.NoPicture:
            self._counts["no_picture"] += 1
            return None

    def _store_faults(self) -> tuple[Fault, ...]:
        faults = []
        if not len(self._store):
            faults.append(Fault("no-csca", Action.CONFIGURE, "no country's certificate is installed", blocking=False))
        if self._store.unreadable:
            detail = f"{len(self._store.unreadable)} files of the CSCA folder cannot be used"
            faults.append(Fault("csca-unreadable", Action.CONFIGURE, detail, blocking=False))
        return tuple(faults)


def _present(com: bytes | None, sod: bytes | None) -> frozenset[int]:
    """What EF.COM lists, which nobody has signed, and what was signed: a group cannot be hidden."""
    listed = lds.groups_present(com) if com is not None else frozenset()
    return listed | (security_object.groups_of(sod) if sod is not None else frozenset())


def _optional(channel: Channel, file: File, key: Key) -> bytes | None:
    """A file that a document should have and may lack. A chip that said so in the clear is opened again."""
    try:
        return channel.read(file)
    except DeviceError as error:
        if error.code != "file-missing":
            raise
    if channel.session is None:
        key.open(channel)
    return None


def _ciphers_agree() -> bool:
    """ICAO Doc 9303-11 appendix D.1 and D.3, with the ciphers of this machine."""
    suite = bac.suite_of(bytes.fromhex("239AB9CB282DAF66231DC5A4DF6BFBAE"))
    attempt = bac.Attempt(
        suite,
        bytes.fromhex("4608F91988702212"),
        bytes.fromhex("781723860C06C226"),
        bytes.fromhex("0B795240CB7049B01C19B33E32804F0B"),
    )
    return attempt.cryptogram()[-8:] == bytes.fromhex("5F1448EEA8AD90A7")
