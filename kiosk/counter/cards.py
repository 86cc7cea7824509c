"""Cards on the reader become events; the photograph is decoded on the way, where a decoder can."""

from __future__ import annotations

from devices.contracts.device import DeviceError
from devices.contracts.identity import CardGone, CardRead, IdentityDocument, PhotoDecoder, PhotoUndecodable
from kiosk.visit import events
from kiosk.visit.ports import Post


class CardDesk:
    """Listens to the identity reader's watch (on the device's own thread)."""

    def __init__(self, decoder: PhotoDecoder, post: Post) -> None:
        self._decoder, self._post = decoder, post

    def hear(self, event: CardRead | CardGone | DeviceError) -> None:
        match event:
            case CardRead(document):
                self._post(events.CardShown(document, self._picture(document)))
            case CardGone():
                self._post(events.CardGone())
            case DeviceError():
                self._post(events.CardFailed(event.code))

    def _picture(self, document: IdentityDocument) -> bytes | None:
        if document.photo is None:
            return None
        try:
            return self._decoder.decode(document.photo)
        except PhotoUndecodable:
            return None
