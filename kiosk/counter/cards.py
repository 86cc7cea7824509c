"""Cards on the reader become events: the name at once, the photograph when it has been decoded, where a decoder can.

A vendor's decoder takes 0.3 to 5 s. Neither the name nor the card's leaving waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from devices.contracts.device import DeviceError
from devices.contracts.identity import CardGone, CardPhoto, CardRead, IdentityDocument, PhotoDecoder, PhotoUndecodable
from kiosk.visit import events
from kiosk.visit.ports import Post

HEAD_START = 0.03  # s: a picture that is there by then, or can never be, comes with the name; no page is taken back


class CardDesk:
    """Listens to the identity reader's watch (on the device's own thread), which it never holds up.

    ``known`` hears of each card that was read, ``gone`` of its leaving; neither may block. ``crashed`` is told what a
    decoder raises that is no PhotoUndecodable. Of two cards' photographs only the newer one's is told.
    """

    def __init__(
        self,
        decoder: PhotoDecoder,
        post: Post,
        known: Callable[[IdentityDocument], None],
        gone: Callable[[], None],
        crashed: Callable[[BaseException], None],
    ) -> None:
        self._decoder, self._post, self._known, self._gone, self._crashed = decoder, post, known, gone, crashed
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="photo")
        self._turn = object()  # of the newest card
        self._under_way: Future[Any] | None = None

    def hear(self, event: CardRead | CardGone | DeviceError) -> None:
        match event:
            case CardRead(document):
                self._show(document)
                self._known(document)  # after the name is on its way to the screen: looking up papers takes longer
            case CardGone():
                self.forget()
                self._gone()
                self._post(events.CardGone())
            case DeviceError():
                self._post(events.CardFailed(event.code))

    def forget(self) -> None:
        """Nothing is told any more of a photograph that is being decoded. Returns at once."""
        self._turn = object()

    def settle(self, seconds: float) -> None:
        """Return when no photograph is being decoded; a decoder ends by a deadline of its own."""
        under_way = self._under_way
        if under_way is not None:
            wait([under_way], seconds)

    def close(self) -> None:
        """No further photograph is begun; one under way ends by itself."""
        self.forget()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _show(self, document: IdentityDocument) -> None:
        turn = self._turn = object()
        photo = document.photo
        if photo is None:
            self._post(events.CardShown(document, None))
            return
        try:
            decoded = self._worker.submit(self._decode, photo, turn)
        except RuntimeError:  # closed: the terminal is stopping
            return
        self._under_way = decoded
        decoded.add_done_callback(self._ended)
        wait([decoded], HEAD_START)
        if decoded.done():
            self._tell(decoded, turn, lambda picture: events.CardShown(document, picture))
        else:
            self._post(events.CardShown(document, None, photo_due=True))
            number = document.number
            decoded.add_done_callback(
                lambda future: self._tell(future, turn, lambda picture: events.PhotoDecoded(number, picture))
            )

    def _decode(self, photo: CardPhoto, turn: object) -> bytes | None:
        if turn is not self._turn:  # it waited behind another card's, and is wanted no more
            return None
        try:
            return self._decoder.decode(photo)
        except PhotoUndecodable:
            return None

    def _ended(self, decoded: Future[Any]) -> None:
        if decoded is self._under_way:
            self._under_way = None  # its result is a citizen's picture

    def _tell(self, decoded: Future[bytes | None], turn: object, event: Callable[[bytes | None], events.Event]) -> None:
        """Of the newest card alone. A decoder's bug ends the process, like any other."""
        if decoded.cancelled() or turn is not self._turn:
            return
        error = decoded.exception()
        if error is not None:
            self._crashed(error)
        else:
            self._post(event(decoded.result()))
