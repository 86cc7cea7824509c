"""Reader against chip: two writings of ICAO Doc 9303, made apart, over every choice that the standard leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import CardPhoto, PhotoUndecodable
from devices.contracts.travel_document import (
    Authentic,
    Authenticity,
    CanKey,
    Forged,
    MrzKey,
    TravelDocument,
    TravelDocumentKind,
    Untrusted,
    Unverifiable,
)
from devices.drivers import tlv
from devices.drivers.emrtd.csca import CscaStore
from devices.drivers.emrtd.driver import EmrtdReader
from devices.drivers.emrtd.picture import ChildDecoder, to_png
from devices.drivers.pcsc.driver import PcscReader
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_issuer import Document
from tests.wire import travel_papers

PASSPORT = travel_papers.document("passport")
COM, SOD, DG2, DG11 = 0x011E, 0x011D, 0x0102, 0x010B


def soon() -> Deadline:
    return Deadline.after(20)


def reader_of(chip: EmrtdChip, store: CscaStore | None = None, **options: Any) -> EmrtdReader:
    slot = AppletSlot(chip)
    trusted = travel_papers.store(PASSPORT) if store is None else store
    reader = EmrtdReader(PcscReader(slot=slot), trusted, **options)
    reader.open(soon())
    return reader


def read(chip: EmrtdChip, key: MrzKey | CanKey | None = None, **options: Any) -> TravelDocument:
    outcome = reader_of(chip, **options).read(key or travel_papers.key(PASSPORT), soon())
    assert isinstance(outcome, TravelDocument)
    return outcome


def changed(files: dict[int, bytes | None]) -> Document:
    """The passport with other files; None takes one away."""
    from dataclasses import replace

    left = {number: data for number, data in {**PASSPORT.files, **files}.items() if data is not None}
    return replace(PASSPORT, files=left)


FIRST = read(EmrtdChip(PASSPORT))
CHOICES: list[dict[str, Any]] = [
    {},
    {"extended": True},
    {"extended": True, "max_le": 1000},
    {"extended": True, "max_le": 1000, "over_le": "refuse"},
    *({"max_le": most, "over_le": over} for most in (223, 200, 128, 64, 32) for over in ("short", "refuse")),
    *({"eof": eof} for eof in ("6282", "9000", "6c")),
    {"get_response": True},
    {"refuse_at": "read"},
    {"plain": "process"},
    *({"pace": f"AES-{bits}", "bac": False} for bits in (128, 192, 256)),
    *({"pace": "AES-128", "parameters": curve} for curve in (12, 13, 15, 16)),
    {"pace": "AES-256", "extended": True},
    {"pace": "AES-192", "max_le": 100, "over_le": "refuse"},
    {"pace": "AES-128", "get_response": True, "eof": "9000"},
]


@pytest.mark.parametrize("options", CHOICES, ids=str)
def test_every_choice_of_a_chip_gives_the_same_document(options: dict[str, Any]) -> None:
    chip = EmrtdChip(PASSPORT, **options)
    assert read(chip) == FIRST
    assert FIRST.authenticity == Authentic("UT")
    assert not chip.state()["wrong_keys"]


def test_extended_length_needs_far_fewer_commands() -> None:
    short, extended = EmrtdChip(PASSPORT), EmrtdChip(PASSPORT, extended=True)
    assert read(short) == read(extended)
    assert int(str(extended.state()["apdus"])) * 2 < int(str(short.state()["apdus"]))


@pytest.mark.parametrize("role", ["passport", "card", "minor", "expired", "long_number"])
def test_every_generated_traveller_is_read(role: str) -> None:
    paper = travel_papers.document(role)
    document = read(EmrtdChip(paper), travel_papers.key(paper))
    who = paper.traveller
    surname = who.surname.replace("-", " ")  # the zone has no hyphen
    assert (document.number, document.surname, document.given_names) == (who.number, surname, who.given)
    assert (document.birth, document.expiry, document.nationality) == (who.birth, who.expiry, "UTO")
    assert (document.kind is TravelDocumentKind.PASSPORT) is document.document_code.startswith("P")
    assert document.authenticity == Authentic("UT")


@pytest.mark.parametrize("algorithm", ["ecdsa", "rsa", "rsa-pss"])
def test_every_signature_of_the_issuer_is_authentic(algorithm: str) -> None:
    paper = travel_papers.document("passport", algorithm=algorithm)
    assert read(EmrtdChip(paper), store=travel_papers.store(paper)).authenticity == Authentic("UT")


@pytest.mark.parametrize(
    ("forged", "verdict"),
    [
        ("dg1", Forged(("dg1",))),
        ("dg2", Forged(("dg2",))),
        ("dg1 dg2", Forged(("dg1", "dg2"))),
        ("signature", Forged(("signature",))),
        ("dg2 unknown-csca", Forged(("dg2",))),
        ("unknown-csca", Untrusted("no-csca")),
        ("expired-signer", Untrusted("signer-not-valid-now")),
    ],
)
def test_forgeries_are_told_for_what_they_are(forged: str, verdict: Authenticity) -> None:
    paper = travel_papers.document("passport", forged=forged)
    assert read(EmrtdChip(paper)).authenticity == verdict


def test_an_honest_document_of_an_unknown_country_is_untrusted() -> None:
    assert read(EmrtdChip(PASSPORT), store=CscaStore()).authenticity == Untrusted("no-csca")


def test_a_chip_with_somebody_elses_signed_content_is_told_by_the_page() -> None:
    """A copy of another document, written onto a chip that opens by this page's key."""
    from dataclasses import replace

    stranger = travel_papers.document("minor")
    copy = replace(stranger, mrz_key=PASSPORT.mrz_key)
    assert read(EmrtdChip(copy)).authenticity == Forged(("mrz",))
    assert read(EmrtdChip(copy, pace="AES-128"), CanKey(copy.can)).authenticity == Authentic("UT")  # no page was shown


def test_a_chip_without_security_object_is_unverifiable() -> None:
    for options in ({}, {"refuse_at": "read"}, {"pace": "AES-128"}):
        document = read(EmrtdChip(changed({SOD: None}), **options))
        assert document.authenticity == Unverifiable("no-security-object")


def test_a_chip_without_list_of_contents_is_read_all_the_same() -> None:
    assert read(EmrtdChip(changed({COM: None}))) == FIRST


def test_a_picture_that_the_list_of_contents_hides_is_read_because_it_was_signed() -> None:
    hiding = tlv.encode(0x60, tlv.encode(0x5C, b"\x61"))
    assert read(EmrtdChip(changed({COM: hiding}))) == FIRST


def test_a_security_object_of_noise_is_unverifiable() -> None:
    document = read(EmrtdChip(changed({SOD: tlv.encode(0x77, bytes(500))})))
    assert document.authenticity == Unverifiable("security-object")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({0x0101: None}, "file-missing"),
        ({DG2: None}, "file-missing"),
        ({DG2: b"\x75\x83\x04\x00\x01" + bytes(64)}, "file-too-long"),
        ({DG2: PASSPORT.files[DG2][:-40]}, "file-truncated"),
        ({DG2: b"\x76" + PASSPORT.files[DG2][1:]}, "file-content"),
        ({0x0101: tlv.encode(0x61, tlv.encode(0x5F1F, b"P<UTO" + b"<" * 83))}, "file-content"),
        ({COM: tlv.encode(0x60, b"\x5f\x01\x04")}, "file-content"),
    ],
    ids=str,
)
def test_files_that_are_missing_torn_or_too_long_have_their_errors(files: dict[int, bytes | None], code: str) -> None:
    reader = reader_of(EmrtdChip(changed(files)))
    with pytest.raises(DeviceError) as caught:
        reader.read(travel_papers.key(PASSPORT), soon())
    assert caught.value.code == code
    assert reader.statistics()[code] == 1


def test_a_picture_beyond_the_reach_of_short_offsets_is_read_whole() -> None:
    """Offsets over 32767 need READ BINARY with odd instruction."""
    large = tlv.encode(0x75, PASSPORT.files[DG2][4:] + tlv.encode(0x80, bytes(i % 251 for i in range(70_000))))
    for options in ({}, {"extended": True}, {"pace": "AES-128"}, {"get_response": True}):
        document = read(EmrtdChip(changed({DG2: large}), **options))
        assert document.authenticity == Forged(("dg2",))
        assert document.photo == FIRST.photo


def test_other_data_groups_come_on_request_and_the_guarded_ones_never() -> None:
    group_11 = tlv.encode(0x6B, tlv.encode(0x5C, b"\x5f\x0e") + tlv.encode(0x5F0E, "样例<<安娜".encode()))
    listed = tlv.encode(0x60, tlv.encode(0x5C, bytes((0x61, 0x75, 0x63, 0x6B))))
    paper = changed({DG11: group_11, COM: listed})
    document = read(EmrtdChip(paper), groups=(3, 4, 11, 12))
    assert document.groups == {11: group_11}
    assert document.native_name == "样例 安娜"
    assert document.authenticity == Forged(("dg11",))  # nobody has signed it
    assert read(EmrtdChip(paper)).groups == {}


def test_a_clock_thrown_back_guesses_no_century_and_judges_no_certificate() -> None:
    thrown_back = datetime(1970, 1, 2, tzinfo=UTC)
    document = read(EmrtdChip(PASSPORT), now=lambda: thrown_back)
    assert (document.birth, document.expiry) == (None, None)
    assert document.expired(thrown_back.date())
    assert document.authenticity == Unverifiable("clock")
    group_11 = tlv.encode(0x6B, tlv.encode(0x5C, b"\x5f\x0e") + tlv.encode(0x5F0E, "样例<<安娜".encode()))
    listed = tlv.encode(0x60, tlv.encode(0x5C, bytes((0x61, 0x75, 0x6B))))
    forged = read(EmrtdChip(changed({DG11: group_11, COM: listed})), groups=(11,), now=lambda: thrown_back)
    assert forged.authenticity == Forged(("dg11",)), "what nobody has signed is forged on any day"


def test_dates_and_validity_go_by_the_clock_that_is_given() -> None:
    later = datetime(2070, 1, 1, tzinfo=UTC)
    document = read(EmrtdChip(PASSPORT), now=lambda: later)
    assert document.authenticity == Untrusted("signer-not-valid-now")
    assert document.expired(later.date())
    assert document.expiry is not None
    assert not document.expired(document.expiry)
    assert document.expired(document.expiry + timedelta(days=1))


@pytest.mark.parametrize("image", ["jpeg", "jpeg2000"])
def test_the_picture_is_decoded_in_a_child(image: str) -> None:
    photo = read(EmrtdChip(travel_papers.document("passport", image=image))).photo
    assert photo is not None
    assert photo.encoding == {"jpeg": "jpeg", "jpeg2000": "jp2"}[image]
    png = ChildDecoder(timeout=20).decode(photo)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png == to_png(photo)
    with pytest.raises(PhotoUndecodable):
        ChildDecoder(timeout=20).decode(CardPhoto(photo.encoding, photo.data[:200]))


@pytest.mark.parametrize(
    "photo",
    [
        CardPhoto("wlt", bytes(1024)),
        CardPhoto("jpeg", b""),
        CardPhoto("jpeg", bytes(300_000)),
        CardPhoto("jp2", b"\xff\x4f\xff\x51" + bytes(100)),
    ],
    ids=repr,
)
def test_what_is_no_such_picture_is_undecodable(photo: CardPhoto) -> None:
    with pytest.raises(PhotoUndecodable):
        to_png(photo)


def test_a_wrong_key_makes_the_chip_slower_and_stays_within_the_deadline() -> None:
    slept: list[float] = []
    chip = EmrtdChip(PASSPORT, wrong_key_seconds=1.0, sleep=slept.append)
    reader = reader_of(chip)
    for _ in range(2):
        with pytest.raises(DeviceError) as caught:
            reader.read(MrzKey("X00000000", "700101", "300101"), soon())
        assert caught.value.code == "wrong-key"
    assert slept == [1.0, 2.0]
    assert chip.state()["wrong_keys"] == 2
    assert reader.read(travel_papers.key(PASSPORT), soon()) == FIRST


def test_no_session_outlives_a_read() -> None:
    chip = EmrtdChip(PASSPORT)
    assert read(chip) == FIRST
    assert chip.state()["session"] is False


def test_birth_is_not_guessed_into_the_future() -> None:
    assert FIRST.birth is not None
    assert FIRST.birth < date.today()
