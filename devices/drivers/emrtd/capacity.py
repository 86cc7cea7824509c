"""How much a chip takes at once: extended length, where it says that it knows it (ISO/IEC 7816-4:2013 section 12).

It may say so in its historical bytes, which contactless readers put into the ATR (PC/SC part 3), and, with the size of
its buffers, in EF.ATR/INFO. Where it says nothing, short commands are used.
"""

from __future__ import annotations

from devices.drivers import tlv
from devices.drivers.emrtd import protocol
from devices.drivers.emrtd.channel import SHORT_CHUNKS, Channel
from devices.drivers.emrtd.secure_messaging import SessionLost

MOST = 2048  # at once; more would save little and risk the reader's own buffer
_AROUND = 48  # what secure messaging puts around an answer, status word included
_CAPABILITIES, _EXTENDED = 7, 0x40
_BUFFERS = 0x7F66


def announced(atr: bytes) -> bool | None:
    """What the card capabilities (73, third byte) say of extended Lc and Le; None where the card has no such bytes."""
    historical = _historical(atr)
    if historical[:1] not in (b"\x00", b"\x80"):
        return None
    at = 1
    while at < len(historical):  # COMPACT-TLV
        tag, length = historical[at] >> 4, historical[at] & 0x0F
        if tag == _CAPABILITIES and length == 3 and at + 3 < len(historical):
            return bool(historical[at + 3] & _EXTENDED)
        at += 1 + length
    return None


def _historical(atr: bytes) -> bytes:
    """ISO/IEC 7816-3 section 8.2: T0 tells how many there are, and which interface bytes stand before them."""
    if len(atr) < 2:
        return b""
    at, follow = 2, atr[1] >> 4
    while follow:
        at += follow.bit_count()
        if not follow & 0x08 or at > len(atr):
            break
        follow = atr[at - 1] >> 4
    return atr[at : at + (atr[1] & 0x0F)]


def chunks(channel: Channel, atr: bytes) -> tuple[int, ...]:
    """Sizes to ask for, the largest first. For a chip that has just been powered: its master file is selected."""
    known = announced(atr)
    if known is False:
        return SHORT_CHUNKS
    room = _buffer(channel)
    if room is None:
        return (MOST, *SHORT_CHUNKS) if known else SHORT_CHUNKS
    fitting = min(MOST, room - _AROUND)
    return (fitting, *SHORT_CHUNKS) if fitting > SHORT_CHUNKS[0] else SHORT_CHUNKS


def _buffer(channel: Channel) -> int | None:
    """The longest answer that EF.ATR/INFO allows; None where there is no such file, or nothing of it inside."""
    try:
        if not channel.exchange(protocol.select_file(protocol.ATR_INFO)).ok:
            return None
        content = channel.exchange(protocol.read_binary(0, protocol.SHORT_LE)).data
        lengths = [found.value for found in tlv.objects(tlv.find(content, _BUFFERS) or b"") if found.tag == 0x02]
    except (tlv.BadTlv, SessionLost):
        return None
    return int.from_bytes(lengths[1][-3:], "big") if len(lengths) > 1 else None
