"""How a chip is opened: PACE where it offers what this reader can do, else BAC, with what stands on the page."""

from __future__ import annotations

from devices.contracts.device import DeviceError
from devices.contracts.travel_document import AccessKey, MrzKey
from devices.drivers.emrtd import bac, mrz, pace, protocol
from devices.drivers.emrtd.bac import Draw
from devices.drivers.emrtd.channel import Channel
from devices.drivers.emrtd.protocol import trouble

_NOT_OFFERED = frozenset({"file-missing", "access-denied", "card-refused", "file-truncated", "file-content"})
_NO_SUCH_APPLICATION = frozenset({0x6A82, 0x6A86, 0x6999})


class Key:
    """An access key that has been looked at, and how it opens a chip."""

    def __init__(self, key: AccessKey, draw: Draw) -> None:
        self._draw = draw
        self._text = ""
        try:
            if isinstance(key, MrzKey):
                self._text = mrz.key_text(key)
                self._secret, self._password = pace.mrz_secret(self._text), pace.MRZ_PASSWORD
            else:
                self._secret, self._password = pace.can_secret(key.number), pace.CAN_PASSWORD
        except ValueError as error:  # names the field, never its content
            raise trouble("key-malformed", str(error)) from None

    def fits(self, zone: mrz.Mrz) -> bool:
        """Whether the zone on the chip is the one that was shown; a card access number says nothing of it."""
        try:
            return not self._text or mrz.key_text(zone.key) == self._text
        except mrz.BadMrz:  # a zone without a number
            return False

    def open(self, channel: Channel) -> None:
        """Access to the application: PACE where it is offered, else BAC."""
        offers = _pace_offers(channel)
        if offers:
            channel.session = pace.authenticate(channel.exchange, offers[0], self._secret, self._password, self._scalar)
        answer = channel.exchange(protocol.SELECT_APPLICATION)
        if not answer.ok:
            missing = answer.sw in _NO_SUCH_APPLICATION
            where = f"select application: {answer.sw:04X}"
            raise trouble("no-application", where) if missing else protocol.refusal(answer.sw, "select application")
        if offers:
            return
        if not self._text:
            raise trouble("access-unknown", "the chip offers no PACE for a card access number")
        channel.session = bac.authenticate(channel.exchange, self._text, self._draw)

    def _scalar(self, order: int) -> int:
        """1 … order - 1, evenly to within 2^-64."""
        return int.from_bytes(self._draw((order.bit_length() + 7) // 8 + 8), "big") % (order - 1) + 1


def _pace_offers(channel: Channel) -> list[pace.PaceInfo]:
    try:
        return pace.offers(channel.read(protocol.CARD_ACCESS))
    except DeviceError as error:
        if error.code not in _NOT_OFFERED:
            raise
        return []
