"""What the files say (ICAO Doc 9303-10 section 4): EF.COM, DG1 with the zone, DG11 with the native name, DG2's picture.

DG2 carries a facial record of ISO/IEC 19794-5:2005. Its successor (ISO/IEC 39794-5) is not read: the document is then
one without photograph.
"""

from __future__ import annotations

import struct

from devices.contracts.identity import CardPhoto
from devices.drivers import tlv
from devices.drivers.emrtd import mrz
from devices.drivers.emrtd.protocol import COM, data_group, group_of_tag, trouble

_JPEG = b"\xff\xd8\xff"
_JP2 = b"\0\0\0\x0cjP  \r\n\x87\n"
_J2K = b"\xff\x4f\xff\x51"
_FACIAL_RECORD = struct.Struct(">4s4sIH")  # "FAC\0", "010\0", length of all, number of faces
_FACIAL_INFORMATION = struct.Struct(">IH14x")  # length of the block, number of feature points
_FEATURE_POINT_BYTES = 8
_IMAGE_INFORMATION_BYTES = 12


class NoPicture(ValueError):
    """DG2 holds no picture that is known here."""


def groups_present(com: bytes) -> frozenset[int]:
    """The data groups that EF.COM lists (5C)."""
    try:
        tags = tlv.find(tlv.only(com, COM.tag), 0x5C)
    except tlv.BadTlv as error:
        raise trouble("file-content", COM.name) from error
    if tags is None:
        raise trouble("file-content", f"{COM.name}: no list of data groups")
    return frozenset(number for tag in tags if (number := group_of_tag(tag)) is not None)


def zone(dg1: bytes) -> mrz.Mrz:
    """The machine readable zone in DG1 (5F1F)."""
    try:
        text = tlv.find(tlv.only(dg1, data_group(1).tag), 0x5F1F)
        if text is None:
            raise trouble("file-content", "DG1: no machine readable zone")
        return mrz.parse(text.decode("ascii"), signed=True)
    except mrz.BadMrz as error:
        raise trouble("file-content", f"DG1: {error.what}") from error
    except ValueError as error:
        raise trouble("file-content", "DG1") from error


def native_name(dg11: bytes) -> str:
    """The holder's name in national characters (5F0E, UTF-8); empty where DG11 has none."""
    try:
        name = tlv.find(tlv.only(dg11, data_group(11).tag), 0x5F0E)
        words = "" if name is None else name.decode("utf-8").replace("<", " ")
    except ValueError as error:
        raise trouble("file-content", "DG11") from error
    if any(ord(character) < 0x20 for character in words):
        raise trouble("file-content", "DG11")
    return " ".join(words.split())


def picture(dg2: bytes) -> CardPhoto:
    """The first face of DG2 as it is stored: ``jpeg`` or ``jp2``. NoPicture where there is none that is known.

    It is not decoded here: ``picture.to_png`` does, in a child process.
    """
    try:
        group = tlv.find(tlv.only(dg2, data_group(2).tag), 0x7F61) or b""
        template = tlv.find(group, 0x7F60) or b""
        record = tlv.find(template, 0x5F2E) or tlv.find(template, 0x7F2E) or b""
        return _of_record(record)
    except tlv.BadTlv as error:
        raise NoPicture("not well-formed") from error


def _of_record(record: bytes) -> CardPhoto:
    """ISO/IEC 19794-5:2005 section 5: header, facial information, feature points, image information, image."""
    at = _FACIAL_RECORD.size
    if len(record) < at + _FACIAL_INFORMATION.size:
        raise NoPicture("the facial record is cut off")
    magic, _, _, faces = _FACIAL_RECORD.unpack_from(record)
    if magic != b"FAC\0" or faces < 1:
        raise NoPicture("not a facial record")
    length, points = _FACIAL_INFORMATION.unpack_from(record, at)
    start = at + _FACIAL_INFORMATION.size + points * _FEATURE_POINT_BYTES + _IMAGE_INFORMATION_BYTES
    end = at + length
    if not start < end <= len(record):
        raise NoPicture("the image is cut off")
    image = record[start:end]
    # What the image is, it says itself; issuers have been seen to name the other kind in the header.
    if image.startswith(_JPEG):
        return CardPhoto("jpeg", image)
    if image.startswith((_JP2, _J2K)):
        return CardPhoto("jp2", image)
    raise NoPicture("neither JPEG nor JPEG 2000")
