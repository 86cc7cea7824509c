"""Cards on the reader become events; the photograph is decoded on the way, where a decoder can."""

from __future__ import annotations

from collections.abc import Callable

from devices.contracts.device import DeviceError
from devices.contracts.identity import CardGone, CardRead, IdentityDocument, PhotoDecoder, PhotoUndecodable
from kiosk.visit import events
from kiosk.visit.ports import Post


class CardDesk:
    """Listens to the identity reader's watch (on the device's own thread).

    ``known`` hears of each card that was read, ``gone`` of its leaving; neither may block.
    """

    def __init__(
        self,
        decoder: PhotoDecoder,
        post: Post,
        known: Callable[[IdentityDocument], None],
        gone: Callable[[], None],
    ) -> None:
        self._decoder, self._post, self._known, self._gone = decoder, post, known, gone

    def hear(self, event: CardRead | CardGone | DeviceError) -> None:
        match event:
            case CardRead(document):
                self._post(events.CardShown(document, self._picture(document)))
                self._known(document)  # after the name is on its way to the screen: looking up papers takes longer
            case CardGone():
                self._gone()
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
